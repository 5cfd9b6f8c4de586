"""A preference's amounts in the market's units, each part rounded so that nobody bids more than was said."""

from __future__ import annotations

from collections.abc import Mapping

from mechanisms.preferences.judging import Judged
from mechanisms.preferences.reading import Preference


class Scaled:
    """Worths by item and place, further units by item, what goes together, reservation and budget."""

    def __init__(self, preference: Preference, judged: Mapping[str, Judged], exponent: int) -> None:
        self.times = 10 ** max(0, exponent - preference.exponent)
        self.over = 10 ** max(0, preference.exponent - exponent)
        same = self.times == self.over
        self.worth = {
            name: one.worth.tolist() if same else [self._down(units) for units in one.worth.tolist()]
            for name, one in judged.items()
        }
        self.further = {name: [self._down(units) for units in one.item.further] for name, one in judged.items()}
        self.together = [self._down(one.add) for one in preference.want.together]
        self.reservation = -self._down(-preference.reservation)
        self.budget = None if preference.budget is None else self._down(preference.budget)

    def _down(self, units: int) -> int:
        return int(units) * self.times // self.over
