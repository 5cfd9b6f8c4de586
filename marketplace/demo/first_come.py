"""What the same people would have had if they had been served one after another, or at one posted price."""

import random
from collections.abc import Iterable, Mapping, Sequence

from mechanisms.types import Atom, Problem

ORDERS = 1000


def first_come_welfare(problem: Problem, order: Sequence[str], price: int = 0) -> int:
    """Values of what is taken less the reserves, when each agent in turn takes the best that is left.

    A lot costs its reserve, or `price` where that is more; each takes the bundle that leaves it the most, none at a
    loss, budgets kept. Units are the problem's.
    """
    costs = {lot.id: max(lot.reserve, price) for lot in problem.lots}
    reserves = {lot.id: lot.reserve for lot in problem.lots}
    left = {lot.id: 1 if lot.supply is None else lot.supply for lot in problem.lots}
    bids = {bid.agent: bid for bid in problem.bids}
    welfare = 0
    for agent in order:
        bid = bids[agent]
        chosen = _best(bid.atoms or (), costs, left, bid.budget)
        if chosen is not None:
            welfare += chosen.value - _sum(chosen, reserves)
            for lot, quantity in chosen.bundle.items():
                left[lot] -= quantity
    return welfare


def _best(atoms: Iterable[Atom], costs: Mapping[str, int], left: Mapping[str, int], budget: int | None) -> Atom | None:
    """The bundle that leaves the most; of equals the first."""
    able = [
        atom
        for atom in atoms
        if all(left[lot] >= quantity for lot, quantity in atom.bundle.items())
        and _sum(atom, costs) <= min(atom.value, atom.value if budget is None else budget)
    ]
    return max(able, key=lambda atom: atom.value - _sum(atom, costs), default=None)


def _sum(atom: Atom, amounts: Mapping[str, int]) -> int:
    return sum(amounts[lot] * quantity for lot, quantity in atom.bundle.items())


def mean_first_come_welfare(problem: Problem, orders: int = ORDERS, seed: int = 1) -> float:
    """The mean over orders of arrival drawn at random."""
    draw, names = random.Random(seed), sorted(bid.agent for bid in problem.bids)
    return sum(first_come_welfare(problem, draw.sample(names, len(names))) for _ in range(orders)) / orders
