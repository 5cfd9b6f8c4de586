"""Re-clearing: the same bids under another rule, with its measures beside those of the outcome that stands."""

from __future__ import annotations

from typing import Any

import msgspec

from marketplace.agents.keys import Identity
from marketplace.clearing.explanations import standing_round
from marketplace.clearing.packages import refuse_undisclosed
from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.apart import NotTakenError, cleared_lines, library
from marketplace.reports.reruns import WARNING, carried_params
from mechanisms import read_outcome, read_problem
from mechanisms.measures import Clearing, measured
from mechanisms.strict_json import parse
from mechanisms.types import ProblemError

_encoder = msgspec.json.Encoder(decimal_format="number")


def reclear(market: Market, rule: str, params: dict[str, Any], identity: Identity | None = None) -> dict[str, Any]:
    """Both outcomes with their measures; nothing is stored. Without an identity the caller has been looked at before.

    The rule runs in a process of its own, which is killed after a while.
    """
    if identity is not None:
        refuse_undisclosed(market, identity)
    round_ = standing_round(market)
    problem, outcome = parse(round_.problem), read_outcome(round_.outcome)
    if len(problem.get("bids", ())) > limits.RECLEAR_BIDS:
        detail = f"More than {limits.RECLEAR_BIDS:,} bids are not cleared again here."
        raise Refusal(413, "reclear_too_large", detail, "Export the market and use python -m mechanisms run.")
    other = {**problem, "mechanism": rule, "params": {**carried(rule, problem["params"]), **params}}
    made = read_outcome(run_apart(other))
    return {
        "market": market.ref,
        "warning": WARNING,
        "original": _side(read_problem(problem), outcome),
        "recleared": _side(read_problem(other), made),
    }


def carried(rule: str, params: dict[str, Any]) -> dict[str, Any]:
    """Of the market's own parameters those that say what is sold, where the other rule takes them."""
    try:
        return carried_params(rule, params)
    except ProblemError as error:
        raise Refusal(422, "unknown_mechanism", error.detail, "GET mechanisms/ names the rules.", "/rule") from error


def run_apart(problem: dict[str, Any]) -> bytes:
    """The outcome of a problem, made in a process of its own; Refusal where the rule does not take it or its time."""
    try:
        return library("run", "-", given=_encoder.encode(problem), seconds=limits.RECLEAR_SECONDS)
    except TimeoutError as error:
        raise too_long(limits.RECLEAR_SECONDS) from error
    except NotTakenError as error:
        raise not_taken(error.detail) from error


def run_each_apart(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outcomes or problem documents, in order, of one process; fewer where the time was up."""
    lines = cleared_lines([_encoder.encode(problem) for problem in problems], seconds=limits.COMPARE_SECONDS)
    return [parse(line) for line in lines]


def too_long(seconds: int) -> Refusal:
    """Of a rule whose time was up."""
    detail = f"The rule did not end within {seconds} seconds."
    return Refusal(422, "reclear_too_long", detail, "Export the market and use python -m mechanisms run.")


def not_taken(why: str) -> Refusal:
    """Of a rule that does not take the bids."""
    detail = f"The rule does not take these bids: {why}"
    return Refusal(422, "not_reclearable", detail[:500], "Choose a rule for such bids, or other params.")


def _side(problem: Any, outcome: Any) -> dict[str, Any]:
    found = measured(Clearing(problem, outcome))
    measures = {row.measure.name: row.value for row in found if row.measure.per == "market"}
    return {
        "mechanism": outcome.mechanism,
        "params": problem.params,
        "status": outcome.status,
        "outcome": msgspec.json.decode(outcome.to_json()),
        "measures": measures,
    }
