"""The real stated choices of 235 rail travellers, as gaps between the trip that each took and the one left."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TRAIN = Path(__file__).parent / "data" / "train-pairwise" / "train.csv"
GUILDERS_PER_EURO = 2.20371
ATTRIBUTES = ("price", "time", "change", "comfort")
# From cents of guilders, minutes, transfers and classes to EUR, hours, transfers and classes.
SCALE = np.array([1 / (100 * GUILDERS_PER_EURO), 1 / 60, 1.0, 1.0])


@dataclass(frozen=True)
class Choices:
    """One row per choice: `person` the id, `gaps` the trip taken minus the other, in EUR, hours, transfers, classes."""

    person: NDArray[np.int64]
    gaps: NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """The same choices by person: `gaps` people x most choices x 4 with zero rows for padding, `there` 1.0 or 0.0."""

    people: NDArray[np.int64]
    gaps: NDArray[np.float64]
    there: NDArray[np.float64]


def read_choices(path: Path = TRAIN) -> Choices:
    """Read the survey; prices are converted to EUR, times to hours."""
    with path.open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    person = np.array([int(row["id"]) for row in rows])
    return Choices(person, np.array([_gap(row) for row in rows]) * SCALE)


def panel_of(choices: Choices) -> Panel:
    """Sort the choices by person into padded blocks, so that all people are fitted at once."""
    people, counts = np.unique(choices.person, return_counts=True)
    gaps = np.zeros((len(people), counts.max(), len(ATTRIBUTES)))
    there = np.zeros(gaps.shape[:2])
    for row, (person, count) in enumerate(zip(people, counts, strict=True)):
        gaps[row, :count] = choices.gaps[choices.person == person]
        there[row, :count] = 1.0
    return Panel(people, gaps, there)


def _gap(row: dict[str, str]) -> list[float]:
    first_minus_second = [float(row[name + "1"]) - float(row[name + "2"]) for name in ATTRIBUTES]
    sign = {"choice1": 1.0, "choice2": -1.0}[row["choice"]]
    return [sign * gap for gap in first_minus_second]
