"""Tabulating: a cleared round's problem and outcome become rows, once, when an export first asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from marketplace.bidding.models import Bid, Participation
from marketplace.clearing.amounts import outcome_amounts
from marketplace.core import clock
from marketplace.markets.models import Market, Round
from marketplace.reports import parts
from marketplace.reports.models import (
    AwardRow,
    BidRow,
    Imported,
    MeasureRow,
    MoveRow,
    PartyRow,
    PaymentRow,
    Row,
    Tabulation,
)
from marketplace.reports.scopes import Scope
from mechanisms import get, read_outcome, read_problem
from mechanisms.measures import Clearing, measured
from mechanisms.types import Outcome

VERSION = 2
BATCH = 5000


def tabulate_due(scope: Scope, seen: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Tabulate every round of the scope that is not yet, or was by older code; how many. `seen` hears of each."""
    current = Q(tabulation__version=VERSION)
    due = list(scope.rounds().exclude(current).order_by("pk").values_list("pk", flat=True))
    for done, pk in enumerate(due, start=1):
        tabulate(Round.objects.select_related("market__journal").get(pk=pk))
        seen(done, len(due))
    return len(due)


def tabulate(round_: Round) -> None:
    """The rows of one round, in one transaction; where another process was faster its rows stand."""
    problem, outcome = read_problem(round_.problem), read_outcome(round_.outcome)
    made = list(_rows(round_.market, problem, outcome))
    try:
        with transaction.atomic():
            Tabulation.objects.filter(round=round_).exclude(version=VERSION).delete()
            version = get(problem.mechanism).version
            tabulation = Tabulation.objects.create(
                round=round_, version=VERSION, rule_version=version, made_at=clock.now()
            )
            for model, rows in made:
                model.objects.bulk_create((model(tabulation=tabulation, **row) for row in rows), batch_size=BATCH)
    except IntegrityError:
        if not Tabulation.objects.filter(round=round_, version=VERSION).exists():
            raise


def _rows(market: Market, problem: Any, outcome: Any) -> Iterator[tuple[type[Row], list[dict[str, Any]]]]:
    """By model, the rows under the names of those behind the participations."""
    names = _names(market)
    minor = _minor(market, outcome)
    payments = [
        {**row, "payment_minor": minor.get(row["party"], 0) if minor else None}
        for row in parts.payment_rows(problem, outcome)
    ]
    yield PartyRow, list(_parties(market, problem, names))
    found: tuple[tuple[type[Row], Iterable[dict[str, Any]]], ...] = (
        (BidRow, parts.bid_rows(problem)),
        (AwardRow, parts.award_rows(problem, outcome)),
        (PaymentRow, payments),
        (MoveRow, parts.move_rows(problem)),
        (MeasureRow, _measures(problem, outcome)),
    )
    for model, rows in found:
        yield model, [{**row, "party": names(row["party"])} for row in rows]


def _names(market: Market) -> Callable[[str], str]:
    """What stands for a name of the problem: its agent's public name, which is one over all markets."""
    known = dict(Participation.objects.filter(market=market).values_list("ref", "agent__ref"))
    source = Imported.objects.filter(market=market).values_list("source", flat=True).first()
    prefix = "" if source is None else f"import:{source}:"

    def name(said: str) -> str:
        if said in ("", parts.MARKET):
            return ""
        return known.get(said) or (prefix + said)[:200]

    return name


def _parties(market: Market, problem: Any, names: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    """Who joined, with or without a bid; of outcomes from elsewhere, who bid."""
    sides, made = parts.sides(problem), _bids_made(market)
    joined = Participation.objects.filter(market=market, state=Participation.State.ACTIVE).order_by("ref")
    refs = set()
    for row in joined:
        refs.add(row.ref)
        yield {
            "party": names(row.ref),
            "side": sides.get(row.ref, "none"),
            "limit_minor": row.limit_minor,
            "joined_at": row.created_at,
            "bids_made": made.get(row.ref, 0),
        }
    for name in sorted(set(sides) - refs):
        yield {"party": names(name), "side": sides[name]}


def _bids_made(market: Market) -> dict[str, int]:
    counted = Bid.objects.filter(market=market).values_list("participation__ref").annotate(Count("pk"))
    return dict(counted)


def _minor(market: Market, outcome: Any) -> dict[str, int]:
    """What each really pays in minor units, rounded as settlement rounds; nothing for outcomes from elsewhere."""
    if Imported.objects.filter(market=market).exists() or not isinstance(outcome, Outcome):
        return {}
    amounts = outcome_amounts(market, outcome)
    return amounts.collects | {party: -amount for party, amount in amounts.payouts.items()}


def _measures(problem: Any, outcome: Any) -> Iterator[dict[str, Any]]:
    for found in measured(Clearing(problem, outcome)):
        per = found.measure.per
        party = found.subject if per == "participant" else ""
        subject = "" if per == "participant" else found.subject
        value = None if found.value is None else float(found.value)
        yield {"measure": found.measure.name, "per": per, "subject": subject, "party": party, "value": value}
