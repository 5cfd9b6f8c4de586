"""Bargains and divisions: what each party comes to, by what it stated."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt

from marketplace.reports.papers.charts import BAR, DEMAND, WIDTH
from marketplace.reports.papers.telling import Figure, Told


def figures(told: Told) -> Iterator[Figure]:
    """Utilities by party, where they were stated and may be told."""
    stated = getattr(told.outcome, "utilities", None)
    if not told.named or not stated:
        return
    utilities = {told.name(party): float(utility) for party, utility in sorted(stated.items())}
    values = [{"who": who, "utility": utility} for who, utility in utilities.items()]
    chart = alt.Chart(alt.Data(values=values)).mark_bar(color=DEMAND, height=BAR - 8)
    chart = chart.encode(alt.X("utility:Q"), alt.Y("who:N", title=None))
    yield Figure(
        title="What it is worth",
        says="What the agreement is worth to each party, in its own utility; these cannot be compared.",
        chart=chart.properties(width=WIDTH - 60, height=alt.Step(BAR)),
        head=("Participant", "Utility by report"),
        rows=[(who, f"{utility:.6g}") for who, utility in utilities.items()],
    )
