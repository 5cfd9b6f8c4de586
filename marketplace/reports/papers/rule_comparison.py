"""The same bids under the other rules that take them: efficiency and revenue, beside the rule that stood."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any

import altair as alt

from marketplace.reports.papers.charts import BAR, INK, WIDTH, money_axis
from marketplace.reports.papers.telling import Figure, Told
from marketplace.reports.reruns import WARNING, carried_params
from mechanisms import ProblemError, get, read_problem, run, specs
from mechanisms.measures import Clearing
from mechanisms.measures.surplus import reported_efficiency
from mechanisms.solve.errors import SolverFailedError, UnprovenError

MOST_BIDS, SECONDS = 200, 5.0
OWN, OTHER = "#1f62a8", "#9fb3c8"


def figures(told: Told) -> Iterator[Figure]:
    """Where bids may be told and there are not too many."""
    clearing = Clearing(told.problem, told.outcome)
    few = clearing.auction and len(told.problem.bids) <= MOST_BIDS
    if told.level == "public" and few and clearing.awards and not clearing.recorded:
        rows = [_row(clearing, True), *_others(clearing)]
        if len(rows) > 1:
            yield _figure(told, rows)


def _others(clearing: Clearing) -> Iterator[dict[str, Any]]:
    """Every rule of that kind which takes these bids, as long as there is time."""
    stated, began = clearing.problem.to_dict(), monotonic()
    own = get(clearing.outcome.mechanism)
    for spec in specs("auction"):
        if spec.slug != own.slug and spec.sides == own.sides and monotonic() - began < SECONDS:
            try:
                params = carried_params(spec.slug, stated.get("params", {}))
                other = read_problem({**stated, "mechanism": spec.slug, "params": params})
                outcome = run(spec.slug, other)
            except (ProblemError, SolverFailedError, UnprovenError):
                continue
            yield _row(Clearing(other, outcome), False)


def _row(clearing: Clearing, stood: bool) -> dict[str, Any]:
    outcome = clearing.outcome
    cleared = outcome.status == "cleared"
    return {
        "rule": get(outcome.mechanism).title,
        "status": outcome.status,
        "efficiency": reported_efficiency(clearing) if cleared else None,
        "revenue": outcome.revenue if cleared else None,
        "stood": stood,
    }


def _figure(told: Told, rows: list[dict[str, Any]]) -> Figure:
    return Figure(
        title="Efficiency by rule",
        says="What each rule makes of these bids: the share of the most welfare that they allow, and what bidders pay.",
        chart=_chart(told, rows),
        head=("Rule", "Outcome", "Efficiency by reports", "Revenue"),
        rows=[_told(told, row) for row in rows],
        words=2,
        notes=(WARNING,),
    )


def _told(told: Told, row: dict[str, Any]) -> tuple[str, ...]:
    efficiency = "–" if row["efficiency"] is None else f"{100 * row['efficiency']:.1f} %"
    revenue = "–" if row["revenue"] is None else told.money(row["revenue"])
    return (row["rule"] + (" (stood)" if row["stood"] else ""), row["status"].replace("_", " "), efficiency, revenue)


def _chart(told: Told, rows: list[dict[str, Any]]) -> Any:
    """Two panels that share their rows."""
    names = [row["rule"] for row in rows]
    cleared = [row for row in rows if row["revenue"] is not None]
    values = [{**row, "revenue": told.plain(row["revenue"])} for row in cleared]
    base = alt.Chart(alt.Data(values=values)).mark_bar(height=BAR - 8)
    colour = alt.condition("datum.stood", alt.value(OWN), alt.value(OTHER))
    y = alt.Y("rule:N", sort=names, title=None)
    share = alt.X(
        "efficiency:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", values=[0, 0.5, 1], title="efficiency"),
    )
    left = base.encode(share, y, color=colour).properties(width=WIDTH // 2 - 70, height=alt.Step(BAR))
    money = alt.X("revenue:Q", axis=money_axis(told.currency, told.exponent, "revenue"))
    right = base.encode(money, alt.Y("rule:N", sort=names, axis=None), color=colour)
    zero = alt.Chart(alt.Data(values=[{}])).mark_rule(color=INK, strokeWidth=0.5).encode(x=alt.datum(0))
    return alt.hconcat(left, alt.layer(right, zero).properties(width=WIDTH // 2 - 70, height=alt.Step(BAR)))
