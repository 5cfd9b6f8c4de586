"""The clearing child: a long-lived, killable process that turns one claimed round after another into a result."""

import json
import logging
from typing import Any, TextIO

from django.db import InterfaceError, OperationalError, close_old_connections

import mechanisms
from marketplace.clearing.problems import build_problem, played_problem
from marketplace.clearing.release import released_bids
from marketplace.clearing.results import commit_outcome, fail_round
from marketplace.core import tracing
from marketplace.markets.models import Round
from marketplace.markets.turns import by_turns
from mechanisms import check
from mechanisms.kinds import read_problem

log = logging.getLogger(__name__)


class NotCertified(Exception):
    """The outcome did not pass the independent checks, so nothing may be paid on it."""


def serve(lines: TextIO, answers: TextIO) -> None:
    """Answer each line {"round", "claim", "cause"} with one line {"round", "state", "heads"} until the input ends."""
    for line in lines:
        order = json.loads(line)
        with tracing.caused_by(order.get("cause", "")):
            reply = clear(order["round"], order["claim"])
        close_old_connections()
        answers.write(json.dumps({"round": order["round"], **reply}) + "\n")
        answers.flush()


def clear(ref: str, claim: str) -> dict[str, object]:
    """Clear one claimed round; what goes wrong fails the round and says why, in words an operator can use."""
    round_ = Round.objects.select_related("market__journal").get(ref=ref)
    try:
        problem, outcome = _run(round_)
        heads = commit_outcome(round_=round_, claim=claim, problem=problem, outcome=outcome)
    except (OperationalError, InterfaceError):
        log.exception("round %s: the database failed; the lease gives the round to the next worker", ref)
        return {"state": "interrupted", "heads": {}}
    except Exception as error:
        log.exception("round %s failed", ref)
        fail_round(round_=round_, claim=claim, reason=f"{type(error).__name__}: {error}")
        return {"state": "failed", "heads": {}}
    return {"state": "lost" if heads is None else "cleared", "heads": heads or {}}


def _problem(round_: Round) -> Any:
    """What was played, as the last move left it; or the bids that are opened now."""
    if by_turns(round_.market.mechanism):
        return played_problem(round_)
    bids = [bid for bid in released_bids(round_=round_) if bid.participation not in round_.without]
    round_.market.refresh_from_db()
    return read_problem(build_problem(round_.market, bids, round_.without_lots))


def _run(round_: Round) -> tuple[Any, Any]:
    problem = _problem(round_)
    outcome = mechanisms.run(problem.mechanism, problem, problem.params, problem.seed)
    if outcome.status == "unproven":
        raise NotCertified("the optimum was not proven within the rule's bound of work")
    findings = check.verify(problem, outcome)
    if findings:
        raise NotCertified("; ".join(str(finding) for finding in findings))
    return problem, outcome
