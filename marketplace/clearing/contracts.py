"""Contracts are made with the outcome: one for each award and each seller of what was awarded, signed at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from marketplace.agents.inbox import told
from marketplace.bidding.models import Bid, Participation
from marketplace.clearing.models import Contract
from marketplace.core import clock, streams
from marketplace.core.money import amount_text, minor_from_units
from marketplace.core.refs import new_ref
from marketplace.core.signing import signed
from marketplace.markets.models import Lot, Market, Round
from marketplace.markets.money import fee_words
from marketplace.markets.requests import asks
from marketplace.markets.turns import haggles
from marketplace.settlement.services import MARKET
from mechanisms.types import Award

State = Contract.State
SCHEMA = "walras-contract/1"
CLEARED = "cleared"


def make_contracts(*, round_: Round, problem: Any, outcome: Any, at: datetime) -> list[Contract]:
    """The contracts of an outcome; inside the clearing's transaction. Offered, where the market lets sellers refuse."""
    if outcome.status != CLEARED:
        return []
    lots = {lot.name: lot for lot in round_.market.lots.select_related("seller__principal")}
    rows = Participation.objects.filter(market=round_.market).select_related("agent__principal")
    bidders = {row.ref: row for row in rows}
    receipts = dict(
        Bid.objects.filter(market=round_.market, status="accepted").values_list("participation__ref", "receipt")
    )
    if haggles(round_.market.mechanism):
        made = _struck(round_, outcome, bidders, lots, at)
        Contract.objects.bulk_create(made)
        return made
    if asks(round_.market.mechanism):
        made = [_taken(round_, problem, outcome, bidders, lots, receipts, at)]
        Contract.objects.bulk_create(made)
        return made
    made = [
        _contract(round_, outcome, bidders[award.agent], seller, bundle, lots, receipts.get(award.agent, ""), at)
        for award in outcome.awards
        for seller, bundle in _by_seller(award, lots).items()
    ]
    Contract.objects.bulk_create(made)
    return made


def _struck(
    round_: Round, outcome: Any, bidders: dict[str, Participation], lots: dict[str, Lot], at: datetime
) -> list[Contract]:
    """Of a haggle: one contract, for everything there is, at what was agreed; both have made or accepted the offer."""
    joined = [row for row in bidders.values() if row.state == Participation.State.ACTIVE]
    selling = next(iter(lots.values())).seller_id
    seller, buyer = sorted(joined, key=lambda row: row.agent_id != selling)
    bundle = {name: 1 if lot.supply is None else lot.supply for name, lot in sorted(lots.items())}
    return [_contract(round_, outcome, buyer, seller.ref, bundle, lots, "", at)]


def _taken(
    round_: Round,
    problem: Any,
    outcome: Any,
    bidders: dict[str, Participation],
    lots: dict[str, Lot],
    receipts: dict[str, str],
    at: datetime,
) -> Contract:
    """Of a request: what was asked for, as the seller whose offer was taken has said that it is."""
    award = next(award for award in outcome.awards if award.agent != problem.buyer)
    offer = next(offer for offer in problem.offers[award.agent] if offer.id in award.bundle)
    ((name, lot),) = lots.items()
    lot.seller, lot.attributes = bidders[award.agent].agent, {**lot.attributes, **offer.attributes}  # not stored
    buyer, receipt = bidders[problem.buyer], receipts.get(award.agent, "")
    return _contract(round_, outcome, buyer, award.agent, {name: 1}, lots, receipt, at)


def offers(contracts: Iterable[Contract]) -> list[streams.Entry]:
    """What both parties are told: the seller that it is asked, or both that it stands."""
    entries = []
    for row in contracts:
        kind = "contract.offered" if row.state == State.OFFERED else "contract.accepted"
        facts = {"contract": row.ref, "market": row.market.ref, "state": row.state, "answer_by": _stamp(row.answer_by)}
        parties = {row.participation.agent.ref, *([row.seller.ref] if row.seller else [])}
        entries += [told(ref, kind, facts) for ref in sorted(parties)]
    return entries


def _by_seller(award: Award, lots: dict[str, Lot]) -> dict[str, dict[str, int]]:
    """An award's lots by who sells them; what no agent sells is the market's."""
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    for name, quantity in sorted(award.bundle.items()):
        seller = lots[name].seller
        parts[seller.ref if seller is not None else MARKET][name] = quantity
    return parts


def _contract(
    round_: Round,
    outcome: Any,
    bidder: Participation,
    seller: str,
    bundle: dict[str, int],
    lots: dict[str, Lot],
    receipt: str,
    at: datetime,
) -> Contract:
    market, ref = round_.market, new_ref("ctr")
    agent = next((lots[name].seller for name in bundle), None)
    asked = agent is not None and market.accept_within_s > 0
    answer_by = at + timedelta(seconds=market.accept_within_s) if asked else None
    price = _price(outcome, bidder.ref, seller)
    claims = {
        "iss": settings.PUBLIC_URL,
        "jti": ref,
        "iat": int(at.timestamp()),
        "schema": SCHEMA,
        "market": market.ref,
        "title": market.title,
        "mechanism": market.mechanism,
        "round": round_.ref,
        "outcome": outcome.digest,
        "bidder": {"participation": bidder.ref, "agent": bidder.agent.ref, "principal": bidder.agent.principal.ref},
        "seller": {"agent": agent.ref, "principal": agent.principal.ref} if agent else {"agent": MARKET},
        "goods": [_goods(lots[name], quantity) for name, quantity in bundle.items()],
        "price": _price_claim(market, price),
        "fee": fee_words(market) or None,
        "cancellation": market.cancellation,
        "expires_at": _stamp(answer_by),
        "receipts": {"root": market.receipts_root, "bid": receipt},
        **({"agreement": outcome.agreement} if hasattr(outcome, "agreement") else {}),
    }
    return Contract(
        ref=ref,
        market=market,
        round=round_,
        participation=bidder,
        seller=agent,
        state=State.OFFERED if asked else State.ACCEPTED,
        amount_minor=minor_from_units(abs(price), market.exponent, market.currency),
        document=signed(claims),
        answer_by=answer_by,
        answered_at=None if asked else at,
        created_at=at,
    )


def _price(outcome: Any, bidder: str, seller: str) -> int:
    """What the bidder pays the seller by the outcome, in units; negative where it is paid."""
    pays = sum(each.amount for each in outcome.charges if (each.payer, each.payee) == (bidder, seller))
    return pays - sum(each.amount for each in outcome.charges if (each.payer, each.payee) == (seller, bidder))


def _goods(lot: Lot, quantity: int) -> dict[str, Any]:
    return {
        "lot": lot.name,
        "title": lot.title,
        "category": lot.category or None,
        "attributes": lot.attributes,
        "quantity": quantity,
    }


def _price_claim(market: Market, price: int) -> dict[str, Any]:
    return {
        "amount": price,
        "exponent": market.exponent,
        "currency": market.currency,
        "words": amount_text(price, market.exponent, market.currency),
    }


def _stamp(at: datetime | None) -> str | None:
    return clock.stamp(at) if at is not None else None
