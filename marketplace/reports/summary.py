"""The summary of an export: the mean of each measure over its markets, with an interval where there are several."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import Any

from marketplace.markets.models import Round
from marketplace.reports.columns import Column, Table
from marketplace.reports.models import MeasureRow
from marketplace.reports.scopes import Scope
from mechanisms.measures import interval

INTERVAL = "of the 95 % percentile bootstrap over markets (Efron 1979); empty for a single market"
SUMMARY = Table(
    "summary",
    "one row a measure of the market as a whole, by rule and unit of money",
    (
        Column("mechanism", "text", "", "slug of the rule"),
        Column("currency", "text", "", "ISO 4217 code of the currency"),
        Column("exponent", "integer", "", "amounts count 10^-exponent of the currency"),
        Column("measure", "text", "", "its name; the codebook defines each"),
        Column("markets", "integer", "", "how many standing outcomes have it"),
        Column("mean", "number", "", "its mean over these"),
        Column("low", "number", "", f"lower end {INTERVAL}"),
        Column("high", "number", "", f"upper end {INTERVAL}"),
    ),
    "",
    "",
)


def summary_rows(scope: Scope) -> list[tuple[Any, ...]]:
    """The rows, sorted; markets whose disclosure hides sums over all bids are left out."""
    found = MeasureRow.objects.filter(
        per="market",
        value__isnull=False,
        tabulation__round__state=Round.State.CLEARED,
        tabulation__round__market__in=scope.disclosing("named"),
    )
    market = "tabulation__round__market__"
    names = (f"{market}mechanism", f"{market}currency", f"{market}exponent", "measure", "value")
    groups: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for *group, value in found.order_by("pk").values_list(*names).iterator(5000):
        groups[tuple(group)].append(value)
    made = ((group, interval(values)) for group, values in sorted(groups.items()))
    return [(*group, each.markets, each.mean, each.low, each.high) for group, each in made]


def summary_csv(scope: Scope) -> str:
    """The same as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in SUMMARY.columns])
    writer.writerows(summary_rows(scope))
    return out.getvalue()
