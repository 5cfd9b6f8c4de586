"""Taking an outcome from elsewhere: a problem and its outcome become a market that has long closed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from marketplace.core import clock
from marketplace.core.limits import NAME_CHARS
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Lot, Market, Round
from marketplace.reports.models import Imported
from marketplace.settlement.models import Journal
from mechanisms import check, read_outcome, read_problem, run
from mechanisms.check.replaying import RECORD, replay, replay_document
from mechanisms.strict_json import parse
from mechanisms.types import Problem


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What is said about the outcome beside its problem: its name, its source, when it closed, who may see it."""

    title: str
    source: str
    closed_at: datetime
    disclosure: str = Market.Disclosure.PUBLIC


@transaction.atomic
def import_outcome(*, problem: Any, outcome: Any = None, stated: Stated) -> Market:
    """A settled market with this outcome, or with what the rule makes of the problem where none is given.

    An outcome that is given is a record: it must add up, and nobody says that the rule would make it again. No money
    moves and no agent takes part: its names stand only in problem and outcome, in exports as pseudonyms.
    """
    read = read_problem(problem)
    if not isinstance(read, Problem):
        detail = "Outcomes of auctions and exchanges can be taken from elsewhere."
        raise Refusal(400, "import_auctions_only", detail, "Replay others with python -m mechanisms.")
    made: Any
    if outcome is None:
        made = run(read.mechanism, read)
        findings = [str(finding) for finding in check.verify(read, made)]
    else:
        made = read_outcome(outcome)
        line = replay_document(parse(read.to_json()), parse(made.to_json()), "import", RECORD)
        findings = [str(finding) for finding in replay(line).findings]
    if findings:
        detail = f"The outcome does not fit its problem: {'; '.join(findings[:3])}"
        raise Refusal(400, "outcome_unfit", detail[:500], "Mend what the findings name.")
    market = _market(read, stated)
    _lots(market, read)
    _round(market, read, made, stated.closed_at)
    Imported.objects.create(market=market, source=stated.source[:NAME_CHARS], recorded=outcome is not None)
    return market


def _market(problem: Problem, stated: Stated) -> Market:
    ref, currency = new_ref("mkt"), problem.currency
    return Market.objects.create(
        ref=ref,
        title=stated.title[:NAME_CHARS],
        mechanism=problem.mechanism,
        params=_plain_params(problem),
        currency=currency,
        exponent=problem.exponent,
        disclosure=stated.disclosure,
        state=Market.State.SETTLED,
        closes_at=stated.closed_at,
        settled_at=stated.closed_at,
        seed=secrets.token_hex(32),
        participants=len(problem.bids),
        journal=Journal.objects.create(name=f"market:{ref}", currency=currency),
        alerted=True,
        created_at=clock.now(),
    )


def _plain_params(problem: Problem) -> dict[str, Any]:
    """The parameters as a JSON column takes them: decimals as the numbers nearest to them."""
    return {name: float(value) if hasattr(value, "as_tuple") else value for name, value in problem.params.items()}


def _lots(market: Market, problem: Problem) -> None:
    Lot.objects.bulk_create(
        Lot(
            market=market,
            name=lot.id[:64],
            supply=lot.supply,
            reserve=lot.reserve,
            category=lot.category or "",
            attributes=lot.attributes,
        )
        for lot in problem.lots
    )


def _round(market: Market, problem: Problem, outcome: Any, at: datetime) -> None:
    Round.objects.create(
        ref=new_ref("rnd"),
        market=market,
        n=1,
        state=Round.State.CLEARED,
        status=outcome.status,
        problem=problem.to_json().decode(),
        outcome=outcome.to_json().decode(),
        digest=outcome.digest,
        reason="taken from elsewhere",
        created_at=at,
        finished_at=at,
    )
