"""The parts of a problem and its outcome as plain rows: pure functions, by the names that the problem uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mechanisms.bids import Bid
from mechanisms.dynamic.types import Session
from mechanisms.haggling.types import Haggle
from mechanisms.measures.clearing import true_worth
from mechanisms.scoring import Request
from mechanisms.types import Award, Outcome, Problem

MARKET = "@market"
PartRow = dict[str, Any]
_json = msgspec.json.Encoder(order="sorted", decimal_format="number")


def bid_rows(problem: Any) -> Iterator[PartRow]:
    """Every atom, step and offer."""
    if isinstance(problem, Request):
        for agent, offers in sorted(problem.offers.items()):
            for part, offer in enumerate(offers, start=1):
                bundle = _text(offer.attributes)
                yield {"party": agent, "part": part, "kind": "offer", "price": offer.ask, "bundle": bundle}
    if not isinstance(problem, Problem):
        return
    for bid in problem.bids:
        for part, atom in enumerate(bid.atoms or (), start=1):
            yield {**_common(bid, part, "atom"), **_of_bundle(atom.bundle), "value": atom.value}
        for part, step in enumerate(bid.steps or (), start=1):
            common = _common(bid, part, "step")
            yield {**common, "lot": step.lot, "quantity": step.quantity, "price": step.price}


def _common(bid: Bid, part: int, kind: str) -> PartRow:
    return {"party": bid.agent, "part": part, "kind": kind, "budget": bid.budget}


def _of_bundle(bundle: Mapping[str, int]) -> PartRow:
    if len(bundle) != 1:
        return {"bundle": _text(bundle)}
    ((lot, quantity),) = bundle.items()
    return {"lot": lot, "quantity": quantity}


def sides(problem: Any) -> dict[str, str]:
    """Which side each bidder's bid is on."""
    if isinstance(problem, Request):
        return {problem.buyer: "buyer", **dict.fromkeys(problem.offers, "seller")}
    if not isinstance(problem, Problem):
        return dict.fromkeys(problem.agents(), "both")
    return {bid.agent: _side(bid) for bid in problem.bids}


def _side(bid: Bid) -> str:
    quantities = [step.quantity for step in bid.steps or ()]
    quantities += [quantity for atom in bid.atoms or () for quantity in atom.bundle.values()]
    buys, sells = any(n > 0 for n in quantities), any(n < 0 for n in quantities)
    return "both" if buys and sells else "buyer" if buys else "seller" if sells else "none"


def award_rows(problem: Any, outcome: Any) -> Iterator[PartRow]:
    """Every award, lot by lot."""
    bids = {bid.agent: bid for bid in problem.bids} if isinstance(problem, Problem) else {}
    for award in outcome.awards:
        values = _values(problem, bids.get(award.agent), award)
        paid = _paid(outcome, award, values)
        for lot, quantity in sorted(award.bundle.items()):
            yield {
                "party": award.agent,
                "lot": lot,
                "quantity": quantity,
                "position": award.position,
                "price": getattr(outcome, "prices", {}).get(lot),
                "reported_value": values.get(lot),
                "payment": paid.get(lot),
            }


def _values(problem: Any, bid: Bid | None, award: Award) -> dict[str, int]:
    """Reported value by lot: of the whole award where it is of one lot, of units whose steps add up."""
    if len(award.bundle) == 1:
        return dict.fromkeys(award.bundle, award.value)
    if bid is None or bid.steps is None or award.position is not None:
        return {}
    return {
        lot: true_worth(bid, Award(award.agent, {lot: quantity}, 0), problem) for lot, quantity in award.bundle.items()
    }


def _paid(outcome: Any, award: Award, values: Mapping[str, int]) -> dict[str, int]:
    """Payment by lot: where one lot was won, where prices tell it, or where everybody pays what it bid."""
    paid = outcome.payments.get(award.agent, 0)
    if len(award.bundle) == 1:
        return dict.fromkeys(award.bundle, paid)
    prices = getattr(outcome, "prices", {})
    if set(award.bundle) <= set(prices):
        found = {lot: prices[lot] * quantity for lot, quantity in award.bundle.items()}
        if sum(found.values()) == paid:
            return found
    return dict(values) if values and sum(values.values()) == paid else {}


def payment_rows(problem: Any, outcome: Any) -> Iterator[PartRow]:
    """What every bidder pays, then lots' owners, then the market; over all they sum to nothing."""
    net: dict[str, int] = dict.fromkeys(outcome.payments, 0)
    for charge in outcome.charges:
        net[charge.payer] = net.get(charge.payer, 0) + charge.amount
        net[charge.payee] = net.get(charge.payee, 0) - charge.amount
    awards = {award.agent: award for award in outcome.awards}
    for name in sorted(net, key=lambda one: (one not in outcome.payments, one == MARKET, one)):
        award = awards.get(name)
        role = "bidder" if name in outcome.payments else "market" if name == MARKET else "owner"
        value = None if award is None else award.value
        yield {"party": name, "role": role, "won": award is not None, "reported_value": value, "payment": net[name]}


def move_rows(problem: Any) -> Iterator[PartRow]:
    """Every move, in order."""
    if isinstance(problem, Haggle | Session):
        for move in problem.moves:
            stated = move.to_dict()
            data = _text(stated["data"]) if stated.get("data") else None
            yield {"n": move.n, "party": move.agent, "type": move.type, "data": data, "at": stated.get("at")}


def bidders(problem: Any, outcome: Any) -> list[str]:
    """Who bid."""
    return sorted(outcome.payments) if isinstance(outcome, Outcome) else problem.agents()


def _text(value: Any) -> str:
    return _json.encode(value).decode()
