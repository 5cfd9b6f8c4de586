"""An outcome as one caller may see it, with the reasons in words."""

import json
from typing import Any

import mechanisms
from marketplace.clearing.disclosure import curves, private_facts, proven, public_facts
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from mechanisms.kinds import read_outcome, read_problem
from mechanisms.types import Problem


def standing_round(market: Market) -> Round:
    """The one cleared round that stands; refused while there is none."""
    round_ = market.rounds.filter(state=Round.State.CLEARED).order_by("-n").first()
    if round_ is None:
        raise Refusal(
            409, "not_cleared", f"The market {market.ref} has no outcome yet.", "Wait for the event round.cleared."
        )
    return round_


def took_part_in(problem: Any) -> list[str]:
    """Who bid, or sat at the table."""
    return [bid.agent for bid in problem.bids] if isinstance(problem, Problem) else list(problem.agents())


def outcome_answer(market: Market, participation: str | None) -> dict[str, Any]:
    """The outcome as `disclosure` allows; with a participation also its own result and why."""
    round_ = standing_round(market)
    problem, outcome = read_problem(round_.problem), read_outcome(round_.outcome)
    answer = {"market": market.ref, **public_facts(market, round_, outcome), "seed": problem.seed}
    if market.disclosure != Market.Disclosure.OWN_ONLY:
        answer |= {"certificate": proven(outcome), "curves": curves(problem)}
    if market.disclosure == Market.Disclosure.PUBLIC:
        answer |= {"problem": json.loads(round_.problem), "outcome": json.loads(round_.outcome)}
    if participation is not None:
        answer["mine"] = private_facts(market, round_, outcome, participation)
        took_part = participation in took_part_in(problem)
        others = market.disclosure != Market.Disclosure.OWN_ONLY
        why = mechanisms.explain(problem, outcome, participation, others=others) if took_part else None
        answer["why"] = why or "You had no bid in it."
    return answer
