"""Checks of a scoring auction, and random requests for the audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.check.finding import Finding
from mechanisms.check.lying import Lie
from mechanisms.check.scores import scores, winner
from mechanisms.claims import Claim
from mechanisms.engine import clear
from mechanisms.scoring import Offer, Request
from mechanisms.spec import Spec
from mechanisms.types import Outcome

Profit = Callable[[Request, Outcome, str, tuple[Offer, ...]], float]


def consistent(problem: Request, outcome: Outcome) -> Iterator[Finding]:
    """One offer passes from its seller to the buyer at its stated worth and ask, and is paid for."""
    if sorted(outcome.payments) != problem.agents():
        yield Finding("consistent", "payments_incomplete", "payments have the buyer and every seller", "/payments")
        return
    if outcome.status == "no_trade":
        right: list[tuple[str, dict[str, int], int]] = []
        welfare = 0
    else:
        won = winner(problem, outcome)
        if won is None or outcome.status != "cleared":
            yield Finding("consistent", "unknown_offer", "no such offer was made and could be taken", "/awards")
            return
        score, seller, offer, worth = won
        right = sorted([(problem.buyer, {offer: 1}, worth), (seller, {offer: -1}, score - worth)], key=lambda a: a[0])
        welfare = score
    if [(award.agent, award.bundle, award.value) for award in outcome.awards] != right:
        yield Finding("consistent", "wrong_awards", "awards are the offer taken, at its worth and its ask", "/awards")
    if any(award.position is not None for award in outcome.awards) or outcome.prices:
        yield Finding("consistent", "wrong_awards", "there are no positions and no unit prices", "/awards")
    if outcome.welfare != welfare or outcome.revenue != 0:
        yield Finding("consistent", "wrong_welfare", "welfare is worth less ask, revenue 0", "/welfare")
    if any(charge.payer != problem.buyer for charge in outcome.charges):
        yield Finding("consistent", "wrong_payer", "the buyer pays", "/charges")


def budget_balanced(problem: Request, outcome: Outcome) -> Iterator[Finding]:
    """What the buyer pays is what the seller receives."""
    if sum(outcome.payments.values()) != 0:
        yield Finding("budget_balanced", "surplus_or_deficit", "payments do not sum to 0", "/payments")


def individually_rational(problem: Request, outcome: Outcome) -> Iterator[Finding]:
    """The buyer pays at most the worth, the seller gets at least its ask, others neither pay nor receive."""
    values = {award.agent: award.value for award in outcome.awards}
    for name, paid in outcome.payments.items():
        if paid > values.get(name, 0):
            yield Finding("individually_rational", "above_value", f"{name!r} pays {paid}", f"/payments/{name}")


def feasible(problem: Request, outcome: Outcome) -> Iterator[Finding]:
    """At most one offer is taken, and one that was made."""
    yield from (finding for finding in consistent(problem, outcome) if finding.code == "unknown_offer")


def optimal_for_reports(problem: Request, outcome: Outcome) -> Iterator[Finding]:
    """The best score wins, and is paid what the pricing says."""
    found = scores(problem)
    best = max((entry[0] for entry in found), default=-1)
    won = winner(problem, outcome)
    if (won is None) != (best < 0) or (won is not None and won[0] != best):
        yield Finding("optimal_for_reports", "not_best", f"the best score is {best}", "/awards")
        return
    if won is None:
        paid = dict.fromkeys(outcome.payments, 0)
    else:
        rival = max([0, *(entry[0] for entry in found if entry[1] != won[1])])
        amount = won[3] - rival if problem.params["pricing"] == "second_score" else won[3] - won[0]
        paid = {**dict.fromkeys(outcome.payments, 0), problem.buyer: amount, won[1]: -amount}
    if outcome.payments != paid:
        yield Finding("optimal_for_reports", "wrong_payment", "the winner is paid another amount", "/payments")


CHECKS = {
    "feasible": feasible,
    "individually_rational": individually_rational,
    "budget_balanced": budget_balanced,
    "optimal_for_reports": optimal_for_reports,
}


VIEWS = ("sea", "yard", "hill")
ROOM = {
    "title": "A room",
    "attributes": {"view": {"type": "enum", "values": list(VIEWS)}, "wifi": {"type": "boolean"}},
}


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """Up to four sellers with up to two offers each; half of the buyers speak the language of preferences."""
    top = rng.choice([2, 5, 50])
    values: dict[str, Any] = {
        "view": {"sea": rng.randint(0, top), "yard": rng.choice([0, -1, None])},
        "wifi": {"true": 1},
    }
    worth = {"worth": {"base": rng.randint(0, 2 * top), "values": values}}
    stated = {"categories": {"room/1": ROOM}} if rng.random() < 0.5 else {}
    return {
        "mechanism": spec.slug,
        "params": params,
        "seed": f"{rng.getrandbits(16):04x}",
        "buyer": {"agent": "t"} | (_wish(rng, worth["worth"], top) if stated else worth),
        "bids": [{"agent": f"h{i}", "offers": _drawn(rng, top)} for i in range(rng.randint(0, 4))],
        **stated,
    }


def _wish(rng: Random, worth: dict[str, Any], top: int) -> dict[str, Any]:
    """A condition, a table, and wifi that counts more with some views."""
    more = {
        "add": rng.randint(-1, top),
        "when": [{"attribute": "wifi", "eq": True}, {"attribute": "view", "ne": "hill"}],
    }
    terms = [{"attribute": "view", "table": worth["values"]["view"]}, more]
    must = rng.choice([[], [{"attribute": "wifi", "eq": True}], [{"attribute": "view", "in": ["sea", "yard"]}]])
    return {"category": "room/1", "must": must, "worth": {"base": worth["base"], "terms": terms}}


def _drawn(rng: Random, top: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"o{i}",
            "attributes": {"view": rng.choice(VIEWS), "wifi": rng.choice([True, False])},
            "ask": rng.randint(0, 2 * top),
        }
        for i in range(rng.randint(0, 2))
    ]


def shuffled(problem: Request, rng: Random) -> Request:
    """The same request in another order."""
    offers = list(problem.offers.items())
    rng.shuffle(offers)
    return replace(problem, offers={name: tuple(rng.sample(own, len(own))) for name, own in offers})


def profit(problem: Request, outcome: Outcome, seller: str, truth: tuple[Offer, ...]) -> float:
    """What the seller is paid less what the offer taken truly costs it."""
    award = outcome.award_of(seller)
    if award is None:
        return 0
    return -outcome.payments[seller] - _cost(award.bundle, truth)


def _cost(bundle: dict[str, int], truth: tuple[Offer, ...]) -> int:
    return next(offer.ask for offer in truth if offer.id in bundle)


def shared_cost(problem: Request, outcome: Outcome, seller: str, truth: tuple[Offer, ...]) -> float:
    """Breaks `private_values`: delivering costs what all sellers together believe."""
    others = [offer.ask for name, own in problem.offers.items() if name != seller for offer in own]
    if outcome.award_of(seller) is None:
        return 0
    asks = [*others, *(offer.ask for offer in truth)]
    return -outcome.payments[seller] - sum(asks) / len(asks)


def borrowed_money(problem: Request, outcome: Outcome, seller: str, truth: tuple[Offer, ...]) -> float:
    """Breaks `quasilinear`: the cost must be financed, which costs half as much again."""
    award = outcome.award_of(seller)
    return 0 if award is None else profit(problem, outcome, seller, truth) - _cost(award.bundle, truth) / 2


def _lies(problem: Request, seller: str) -> Iterator[tuple[Offer, ...]]:
    """No offer; or one at an ask where the order of scores changes; or all shaded alike."""
    marks = [entry[0] for entry in scores(problem) if entry[1] != seller] + [0]
    yield ()
    for offer in problem.offers[seller]:
        worth = problem.worth(offer) or 0
        for ask in {max(0, worth - mark + shift) for mark in marks for shift in (-1, 0, 1)}:
            yield (replace(offer, ask=ask),)
    for shift in (-2, -1, 1, 2):
        yield tuple(replace(offer, ask=max(0, offer.ask + shift)) for offer in problem.offers[seller])


def _sellers_under(utility: Profit) -> Any:
    def trial(spec: Spec, claim: Claim, problem: Request, rng: Random) -> Lie | None:
        best: Lie | None = None
        for seller, truth in problem.offers.items():
            honest = utility(problem, clear(problem), seller, truth)
            for told in _lies(problem, seller):
                lied = replace(problem, offers={**problem.offers, seller: told})
                gain = utility(problem, clear(lied), seller, truth) - honest
                if gain > (best.gain if best else 0):
                    best = Lie(problem, seller, lied, gain)
        return best

    return trial


def truthful(spec: Spec, claim: Claim, problem: Request, rng: Random) -> Lie | None:
    """The buyer gains by stating another base, or a seller by another ask."""
    honest = _surplus(problem, clear(problem))
    best: Lie | None = None
    for shift in (-20, -5, -2, -1, 1):
        lied = replace(problem, base=problem.base + shift)
        gain = _surplus(problem, clear(lied)) - honest
        if gain > (best.gain if best else 0):
            best = Lie(problem, problem.buyer, lied, gain)
    return best or TRIALS["truthful_for_sellers"](spec, claim, problem, rng)


def _surplus(problem: Request, outcome: Outcome) -> int:
    won = winner(problem, outcome)
    return 0 if won is None else won[3] - outcome.payments[problem.buyer]


def symmetric(spec: Spec, claim: Claim, problem: Request, rng: Random) -> Lie | None:
    """Two sellers with the same offers have different profits, whomever the tie favours."""
    names = sorted(problem.offers)
    for one, other in pairwise(names):
        twin = replace(problem, offers={**problem.offers, other: problem.offers[one]})
        gains = [profit(twin, clear(twin), name, problem.offers[one]) for name in (one, other)]
        if gains[0] != gains[1]:
            return Lie(problem, other, twin, abs(gains[0] - gains[1]))
    return None


TRIALS: dict[str, Any] = {
    "truthful_for_sellers": _sellers_under(profit),
    "truthful": truthful,
    "symmetric": symmetric,
}
BREAKERS: dict[str, dict[str, Any]] = {
    "truthful_for_sellers": {
        "private_values": _sellers_under(shared_cost),
        "quasilinear": _sellers_under(borrowed_money),
    },
}
