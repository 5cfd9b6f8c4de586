"""Scoring auction: a buyer asks for offers, and the one that leaves it the most over its worth wins."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from mechanisms.claims import fails, holds
from mechanisms.params import Params
from mechanisms.scoring import Offer, Request
from mechanisms.spec import Sizes, Spec
from mechanisms.ties import priority
from mechanisms.types import Award, Charge, Outcome


class ScoringParams(Params):
    """What the winner is paid."""

    pricing: Literal["second_score", "first_score"] = Field(
        "second_score",
        title="Pricing",
        description="second_score: what leaves the buyer the next seller's score. first_score: the ask.",
    )


SELLERS = ("private_values", "quasilinear")
SPEC = Spec(
    slug="scoring_auction",
    title="Scoring auction",
    summary="A buyer's request: the offer with the greatest worth less ask wins.",
    paper="Che (1993), Design Competition through Multidimensional Auctions, RAND; Asker and Cantillon (2008)",
    pricing="The best offer by the buyer's sealed worth less the ask won, and was paid by the rule that was announced.",
    kind="scoring",
    sizes=Sizes(lots=1, bids=1500),  # within what a request may hold, if each seller makes 64 offers
    params=ScoringParams,
    claims=(
        *holds("feasible", "individually_rational", "budget_balanced", "optimal_for_reports", "symmetric"),
        *holds("truthful_for_sellers", assumes=SELLERS, pricing="second_score"),
        *fails("truthful_for_sellers", assumes=SELLERS, pricing="first_score"),
        *fails("truthful", assumes=SELLERS, pricing="second_score"),
        *fails("truthful", assumes=SELLERS, pricing="first_score"),
    ),
)


class Scored(NamedTuple):
    """A seller's best offer: what it is worth to the buyer, and that less the ask."""

    seller: str
    offer: Offer
    worth: int
    score: int


def solve(problem: Request, params: ScoringParams) -> Outcome:
    """Each seller's best offer; the best of these if it is no worse than walking away, which scores 0."""
    ranked = sorted(filter(None, (best_of(problem, seller) for seller in problem.offers)), key=lambda one: -one.score)
    tied = [one for one in ranked if one.score == ranked[0].score and one.score >= 0]
    if not tied:
        return _outcome(problem, None, 0)
    winner = min(tied, key=lambda one: priority(problem.seed, one.seller))
    rival = max([0, *(one.score for one in ranked if one.seller != winner.seller)])
    return _outcome(problem, winner, winner.worth - rival if params.pricing == "second_score" else winner.offer.ask)


def best_of(problem: Request, seller: str) -> Scored | None:
    """The seller's acceptable offer with the best score, equals by the tie rule on the offer's id."""
    scored = []
    for offer in problem.offers[seller]:
        worth = problem.worth(offer)
        if worth is not None:
            scored.append(Scored(seller, offer, worth, worth - offer.ask))
    return min(scored, key=lambda one: (-one.score, priority(problem.seed, one.offer.id)), default=None)


def _outcome(problem: Request, winner: Scored | None, paid: int) -> Outcome:
    payments = dict.fromkeys(problem.agents(), 0)
    awards: list[Award] = []
    if winner is not None:
        payments[problem.buyer], payments[winner.seller] = paid, -paid
        name = winner.offer.id
        awards = [Award(problem.buyer, {name: 1}, winner.worth), Award(winner.seller, {name: -1}, -winner.offer.ask)]
    return Outcome(
        mechanism=SPEC.slug,
        status="no_trade" if winner is None else "cleared",
        awards=tuple(sorted(awards, key=lambda award: award.agent)),
        payments=payments,
        charges=(Charge(problem.buyer, winner.seller, paid),) if winner is not None and paid else (),
        prices={},
        welfare=0 if winner is None else winner.score,
        revenue=0,
        certificate={"grade": "exact"},
        digest="",
    )
