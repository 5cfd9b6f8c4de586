"""What each bidder stated, read anew for the checks: unit values by lot, after the budget."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from mechanisms.bids import Bid
from mechanisms.types import Outcome, Problem

Run = tuple[int, int]  # how many units, and what each is worth: negative for a seller


@dataclass
class Report:
    """One agent's stated worth of trading in each lot: runs of equal units, the best first."""

    agent: str
    buys: dict[str, list[Run]] = field(default_factory=dict)
    sells: dict[str, list[Run]] = field(default_factory=dict)
    budget: int | None = None
    bound: bool = False

    def worth(self, lot: str, quantity: int) -> int | None:
        """The stated value of that many units (negative: sold); None where so many were never stated."""
        runs = self.buys.get(lot, []) if quantity > 0 else self.sells.get(lot, [])
        left, total = abs(quantity), 0
        for units, each in runs:
            taken = min(units, left)
            total, left = total + taken * each, left - taken
        return None if left else total


def reports(problem: Problem) -> list[Report]:
    """Everything that was stated."""
    minimum = problem.params.get("minimum", 0)
    return [_report(bid, minimum) for bid in problem.bids]


def _report(bid: Bid, minimum: int) -> Report:
    """Offers under a buying market's minimum do not count as stated."""
    report = Report(bid.agent, budget=bid.budget)
    runs = _from_steps(bid) if bid.steps is not None else _from_atoms(bid)
    runs = [run for run in runs if run[1] > 0 or -run[2] >= minimum]
    buys = sorted((run for run in runs if run[1] > 0), key=lambda run: -run[2])
    kept = _affordable(buys, bid.budget) if bid.steps is not None else buys
    report.bound = kept != buys
    for lot, units, each in kept:
        report.buys.setdefault(lot, []).append((units, each))
    for lot, units, each in sorted((run for run in runs if run[1] < 0), key=lambda run: -run[2]):
        report.sells.setdefault(lot, []).append((-units, each))
    return report


def _from_steps(bid: Bid) -> list[tuple[str, int, int]]:
    return [(s.lot, s.quantity, s.price if s.quantity > 0 else -s.price) for s in bid.steps or ()]


def _from_atoms(bid: Bid) -> list[tuple[str, int, int]]:
    best: dict[tuple[str, int], int] = {}
    for atom in bid.atoms or ():
        ((lot, quantity),) = atom.bundle.items()
        value = atom.value if bid.budget is None else min(atom.value, bid.budget)
        best[lot, quantity] = max(value, best.get((lot, quantity), value))
    runs: list[tuple[str, int, int]] = []
    sums: dict[str, int] = defaultdict(int)
    for lot, quantity in sorted(best, key=lambda key: abs(key[1])):
        runs.append((lot, 1 if quantity > 0 else -1, best[lot, quantity] - sums[lot]))
        sums[lot] = best[lot, quantity]
    return runs


def _affordable(buys: list[tuple[str, int, int]], budget: int | None) -> list[tuple[str, int, int]]:
    """Keep the best units; one at a time the worst go until what is stated fits the budget."""
    total = sum(units * each for _, units, each in buys)
    if budget is None or total <= budget:
        return buys
    kept = list(buys)
    for index in range(len(kept) - 1, -1, -1):
        lot, units, each = kept[index]
        over = total - budget
        if over > 0 and each > 0:
            gone = min(units, (over + each - 1) // each)
            kept[index] = (lot, units - gone, each)
            total -= gone * each
    return [run for run in kept if run[1] > 0]


def traded(outcome: Outcome, lot: str) -> dict[str, int]:
    """Units of a lot by agent, negative for sold."""
    return {award.agent: award.bundle[lot] for award in outcome.awards if lot in award.bundle}
