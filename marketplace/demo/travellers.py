"""The scene `upgrade`: 235 real travellers bid what a class of comfort is worth to them, a railway asks for 60 seats.

`python -m marketplace.demo.travellers` prints who they are and what they bid.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from marketplace.demo.choices import Choices, read_choices
from marketplace.demo.worth import COMFORT, PRICE, comfort_in_eur, fitted, pooled_fit

LOT = "seat"
RAILWAY = "railway"
# (seats, cost of one in EUR cents). The survey knows travellers, not costs: these are ours. The first ten seats would
# run empty and cost their cleaning; each further ten takes a compartment from passengers who pay a little more for it.
RAILWAY_STEPS = ((10, 100), (10, 250), (10, 400), (10, 550), (10, 700), (10, 850))


@dataclass(frozen=True)
class Traveller:
    """A person of the survey: `person` the id there, `worth` of one class of comfort in EUR cents."""

    person: int
    choices: int
    worth: int

    @property
    def agent(self) -> str:
        return f"traveller-{self.person:03d}"


@dataclass(frozen=True)
class Survey:
    """Everybody, with the scale of the prior that the data chose and the pooled worth in EUR."""

    travellers: tuple[Traveller, ...]
    scale: float
    pooled_eur: float


@cache
def survey() -> Survey:
    """Estimate everybody's worth from the shipped choices; the same integers on every machine."""
    choices = read_choices()
    coefficients, _ = pooled_fit(choices.gaps)
    scale, tastes = fitted(choices)
    people, counts = np.unique(choices.person, return_counts=True)
    cents = np.clip(np.rint(100 * comfort_in_eur(tastes)), 1, ceiling(choices)).astype(int)
    columns = zip(people.tolist(), counts.tolist(), cents.tolist(), strict=True)
    everybody = tuple(Traveller(*row) for row in columns)
    return Survey(everybody, scale, float(coefficients[COMFORT] / coefficients[PRICE]))


def ceiling(choices: Choices) -> int:
    """Return the widest fare gap that anyone was asked about, in cents: the data cannot tell a higher worth."""
    return int(np.rint(100 * np.abs(choices.gaps[:, PRICE]).max()))


def upgrade_orders() -> list[dict[str, Any]]:
    """Return the scene's bids in the contract's shape, in EUR cents: one seat per traveller, the railway's sixty."""
    bids = [_order(one.agent, [(1, one.worth)]) for one in survey().travellers]
    return [*bids, _order(RAILWAY, [(-seats, cost) for seats, cost in RAILWAY_STEPS])]


def table() -> str:
    """Return the travellers as text, one a line, with a summary beneath."""
    head = f"{'traveller':<14} {'choices':>7} {'worth in EUR':>13}"
    rows = [f"{one.agent:<14} {one.choices:>7} {one.worth / 100:>13.2f}" for one in survey().travellers]
    return "\n".join([head, *rows, "", summary()])


def summary() -> str:
    """Return the survey in one line."""
    found = survey()
    low, middle, high = np.percentile([one.worth for one in found.travellers], [25, 50, 75]) / 100
    choices = sum(one.choices for one in found.travellers)
    return (
        f"{len(found.travellers)} travellers, {choices:,} choices. "
        f"One class of comfort is worth {found.pooled_eur:.2f} EUR to the typical traveller (pooled logit); "
        f"one by one: median {middle:.2f}, quartiles {low:.2f} and {high:.2f} EUR (prior scale {found.scale})."
    )


def _order(agent: str, steps: list[tuple[int, int]]) -> dict[str, Any]:
    return {"agent": agent, "steps": [{"lot": LOT, "quantity": quantity, "price": price} for quantity, price in steps]}


if __name__ == "__main__":
    print(table())
