"""`python -m marketplace.reports.papers.press`: a report made in a process apart, which may be killed.

Reads what `making.py` states as JSON, writes the report as JSON with its PDF in base64. V8, which draws the charts, and
the typesetter stay out of the server so.
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import typst

from marketplace.reports.papers import agreements, price_path, rule_comparison, supply_demand, surplus_split
from marketplace.reports.papers.charts import svg_of
from marketplace.reports.papers.telling import Told
from mechanisms.measures import Clearing, measured
from mechanisms.measures.registry import CAVEAT, Measured

ROOMS = (supply_demand, price_path, surplus_split, agreements, rule_comparison)
TEMPLATE = Path(__file__).with_name("paper.typ")


def pressed(stated: dict[str, Any]) -> dict[str, Any]:
    """The report: what is known about the market, its measures, its figures, and all of it as a PDF."""
    told = Told.of(stated)
    rooms = ROOMS if stated["compared"] else ROOMS[:-1]
    figures = [figure for room in rooms for figure in room.figures(told)]
    written = [figure.written(svg_of(figure.chart) if figure.chart is not None else "") for figure in figures]
    report = {**stated["head"], "measures": _measures(told), "caveat": CAVEAT, "figures": written}
    return {**report, "pdf": b64encode(_pdf(report)).decode()}


def _measures(told: Told) -> list[list[str]]:
    """Name, value and definition of each measure of the market as a whole, where it exists and may be told."""
    if not told.named:
        return []
    found = [row for row in measured(Clearing(told.problem, told.outcome)) if row.measure.per == "market"]
    return [[row.measure.label, _words(told, row), row.measure.definition] for row in found if row.value is not None]


def _words(told: Told, row: Measured) -> str:
    value = row.value or 0
    if row.measure.unit == "money":
        return told.money(value)
    return f"{100 * value:.1f} %" if row.measure.unit == "share" else f"{value:.4g}"


def _pdf(report: dict[str, Any]) -> bytes:
    """Set from the same values; text is data there and never markup."""
    made: bytes = typst.compile(str(TEMPLATE), sys_inputs={"report": json.dumps(report)}, format="pdf")
    return made


if __name__ == "__main__":
    json.dump(pressed(json.load(sys.stdin)), sys.stdout)
