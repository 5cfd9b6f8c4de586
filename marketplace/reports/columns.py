"""A table of the export as data: its grain, its columns with their words, and the SQL that each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import models

Kind = Literal["text", "integer", "number", "boolean", "instant", "json", "party"]
Level = Literal["all", "named", "public"]  # what a market's disclosure must be for its rows to be shown


@dataclass(frozen=True)
class Column:
    """`sql` is an expression over the table's source; `free` says that people or agents choose the text."""

    name: str
    kind: Kind
    sql: str
    help: str
    choices: tuple[str, ...] = ()
    free: bool = False


@dataclass(frozen=True)
class Table:
    """`grain` says what one row is; `source` is what follows FROM, in which `m` is the market."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    source: str
    order: str
    level: Level = "all"
    where: str = "TRUE"


MARKET = Column("market", "text", "m.ref", "the market's public name, mkt_...")
ROUND = Column("round", "integer", "r.n", "the clearing: 1, 2, ... within the market; rounds says which one stands")
# Rows of a tabulated round, which `t` holds.
TABULATED = (
    "{table} t JOIN reports_tabulation b ON b.id = t.tabulation_id JOIN markets_round r ON r.id = b.round_id "
    "JOIN markets_market m ON m.id = r.market_id"
)


def of(
    model: type[models.Model], name: str, kind: Kind, *, alias: str = "t", help: str = "", free: bool = False
) -> Column:
    """A column that is a model's field, in the model's own words unless others are given."""
    field = model._meta.get_field(name)
    choices = tuple(str(value) for value, _ in getattr(field, "choices", None) or ())
    said = help or str(getattr(field, "help_text", ""))
    return Column(name, kind, f"{alias}.{getattr(field, 'column', name)}", said, choices, free)


def party(model: type[models.Model], alias: str = "t") -> Column:
    """Who, as a pseudonym."""
    return Column("participant", "party", f"{alias}.party", str(model._meta.get_field("party").help_text))
