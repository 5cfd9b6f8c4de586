"""Measures by name; a measure's docstring is its entry in the codebook."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mechanisms.measures.clearing import Clearing

Per = Literal["market", "side", "participant", "lot"]
Unit = Literal["money", "share", "utility", "count", "pure"]
Found = float | int | None | Mapping[str, float | int | None]
REPORTED = "reported_"
CAVEAT = (
    "Computed from what was reported: it equals the truth only where everybody reported the truth, which only a "
    "truthful rule gives reason to expect."
)


@dataclass(frozen=True)
class Measure:
    """One measure: `per` says what it is a number of; `unit` what it counts."""

    name: str
    label: str
    unit: Unit
    per: Per
    definition: str
    reference: str
    assumes: str
    act: Callable[[Clearing], Found]

    @property
    def reported(self) -> bool:
        """Whether it rests on reports."""
        return self.name.startswith(REPORTED)

    @property
    def description(self) -> str:
        """The entry of the codebook: definition, caveat, reference, assumptions."""
        caveat = f" {CAVEAT}" if self.reported else ""
        return f"{self.definition}{caveat} Reference: {self.reference} Assumes: {self.assumes}"


@dataclass(frozen=True, slots=True)
class Measured:
    """A number: which measure, of what (`subject` is empty for the market as a whole), null where it does not exist."""

    measure: Measure
    subject: str
    value: float | int | None


ROOMS = ("surplus", "prices", "concentration", "fairness", "agreements", "regret")  # modules, as the codebook has them
_measures: dict[str, Measure] = {}


def measure(*, label: str, unit: Unit, per: Per = "market") -> Callable[[Callable[[Clearing], Found]], Any]:
    """Register a function as a measure; its docstring has three paragraphs: definition, `Reference:`, `Assumes:`."""

    def register(act: Callable[[Clearing], Found]) -> Callable[[Clearing], Found]:
        parts = [" ".join(part.split()) for part in (inspect.getdoc(act) or "").split("\n\n")]
        definition, reference, assumes = parts
        said = (reference.removeprefix("Reference: "), assumes.removeprefix("Assumes: "))
        _measures[act.__name__] = Measure(act.__name__, label, unit, per, definition, *said, act)
        return act

    return register


def every() -> tuple[Measure, ...]:
    """All measures, room by room, in the order in which they are defined."""
    return tuple(sorted(_measures.values(), key=lambda each: ROOMS.index(each.act.__module__.rsplit(".", 1)[-1])))


def measured(clearing: Clearing) -> Iterator[Measured]:
    """Every number that exists for this outcome, and a null for each measure of a market that does not."""
    for each in every():
        found = each.act(clearing)
        if isinstance(found, Mapping):
            yield from (Measured(each, subject, found[subject]) for subject in sorted(found))
        elif each.per == "market":
            yield Measured(each, "", found)
