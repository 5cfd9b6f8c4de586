"""What shows that no point of a convex set is better than the one that was chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Proof:
    """Each level weighs the parties' gains (`multipliers`) and prices the resources: nothing in the set has a weighted
    sum of gains above what the prices allow. `ideals`: the most that each party can gain.
    """

    levels: list[dict[str, Any]] = field(default_factory=list)
    ideals: dict[str, Any] = field(default_factory=dict)

    def certificate(self) -> dict[str, Any]:
        """As an outcome carries it."""
        return {"grade": "numeric", "levels": self.levels} | ({"ideals": self.ideals} if self.ideals else {})
