"""What the report of a market is drawn from, and the words for it. Knows no Django: it is made in a process apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from marketplace.core.money import amount_text
from mechanisms import read_outcome, read_problem

Level = Literal["all", "named", "public"]
Cell = str
ROWS = 40  # of a table in a report; an export has them all


@dataclass(frozen=True)
class Told:
    """A round and how much of it may be told: `all` prices and quantities, `named` who and how much, `public` bids too.

    `names` are the pseudonyms of those who took part, `lots` their titles; `prices` are those of each round.
    """

    problem: Any
    outcome: Any
    currency: str
    exponent: int
    level: Level
    names: Mapping[str, str]
    lots: Mapping[str, str]
    prices: Sequence[tuple[int, Mapping[str, int]]] = ()

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Told:
        """From JSON values."""
        kept: dict[str, Any] = {
            name: stated[name] for name in ("currency", "exponent", "level", "names", "lots", "prices")
        }
        return cls(problem=read_problem(stated["problem"]), outcome=read_outcome(stated["outcome"]), **kept)

    @cached_property
    def named(self) -> bool:
        """Whether participants may be told of."""
        return self.level != "all"

    def money(self, amount: float) -> str:
        """An amount spelled out."""
        return amount_text(round(amount), self.exponent, self.currency)

    def plain(self, amount: float) -> float:
        """An amount as the number that an axis shows."""
        return float(amount / 10**self.exponent)

    def name(self, agent: str) -> str:
        """A participant's pseudonym."""
        return self.names.get(agent, agent)

    def lot(self, lot: str) -> str:
        """A lot's title, with its name where titles are alike."""
        title = self.lots.get(lot) or lot
        return f"{title} ({lot})" if list(self.lots.values()).count(title) > 1 else title


@dataclass(frozen=True)
class Figure:
    """A chart, what it shows in a sentence, and its numbers as a table; the first `words` columns are text.

    `chart` is an Altair chart, None where a table says it all.
    """

    title: str
    says: str
    chart: Any
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    words: int = 1
    notes: Sequence[str] = field(default_factory=tuple)

    def written(self, svg: str) -> dict[str, Any]:
        """As templates take it, long tables cut."""
        left_out = len(self.rows) - ROWS
        more = (f"{left_out:,} more rows stand in an export.",) if left_out > 0 else ()
        return {
            "title": self.title,
            "says": self.says,
            "svg": svg,
            "head": list(self.head),
            "rows": [list(row) for row in self.rows[:ROWS]],
            "words": self.words,
            "notes": [*self.notes, *more],
        }


def traded_units(outcome: Any) -> dict[str, int]:
    """Units of each lot that changed hands, each counted once."""
    both: dict[str, list[int]] = {}
    for award in outcome.awards:
        for lot, quantity in award.bundle.items():
            both.setdefault(lot, [0, 0])[quantity < 0] += abs(quantity)
    return {lot: max(sides) for lot, sides in both.items()}
