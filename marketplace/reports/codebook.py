"""The codebook: what every column and measure is, from the models' help texts and the measures' docstrings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from marketplace.reports.columns import Column, Table
from marketplace.reports.summary import SUMMARY
from marketplace.reports.tables import TABLES
from mechanisms.measures import every
from mechanisms.measures.registry import CAVEAT

HEADER = ("table", "column", "type", "values", "description")
OPENING = """# Codebook

Every row stands for what the first line under a table's name says. Amounts count 10^-`exponent` of the market's
`currency` and are whole numbers; columns that end in `_minor` count its minor unit. Instants are UTC. An empty field
(null, `.` or `""` in Stata, which has no null text) means that there is no value; it never stands for 0. Participants
go by pseudonyms that are drawn anew for each export and are the same in all of its tables. Which markets have rows in
`participations`, `bids`, `awards`, `payments`, `moves`, `contracts`, `settlements` and `measures` is for each market's
`disclosure` to say: `own_only` none, `pseudonymous` all but bids and moves, `public` all; an operator's export has its
own markets in full. In CSV, text that begins with one of = + - @, a tab or a carriage return has an apostrophe before
it.
"""


def entries() -> Iterator[tuple[str, str, str, str, str]]:
    """(table, column, type, values, description) of every column, then of every measure."""
    for table in (*TABLES.values(), SUMMARY):
        yield from ((table.name, c.name, c.kind, " ".join(c.choices), _words(c)) for c in table.columns)
    yield from (("measures", f"measure = {each.name}", each.unit, each.per, each.description) for each in every())


def as_csv() -> str:
    """The codebook as a table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(entries())
    return out.getvalue()


def as_markdown() -> str:
    """The codebook for people."""
    parts = [OPENING, *(_section(table) for table in (*TABLES.values(), SUMMARY)), f"## Measures\n\n{CAVEAT}\n"]
    for each in every():
        parts.append(
            f"### {each.name}\n\n{each.label}; {each.unit}, per {each.per}. {each.definition}\n\n"
            f"Reference: {each.reference}\n\nAssumes: {each.assumes}\n"
        )
    return "\n".join(parts)


def _section(table: Table) -> str:
    rows = [f"| `{c.name}` | {c.kind} | {_cell(_words(c))} |" for c in table.columns]
    head = [f"## {table.name}", "", f"{table.grain[0].upper()}{table.grain[1:]}.", ""]
    return "\n".join([*head, "| column | type | what it is |", "| --- | --- | --- |", *rows, ""])


def _words(column: Column) -> str:
    return f"{column.help}: {', '.join(column.choices)}" if column.choices else column.help


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
