"""Cutting the longer side of a market by equal amounts, as Huang, Scheller-Wolf and Sycara (2002) do."""

from __future__ import annotations

from fractions import Fraction
from math import ceil


def cut_equally(units: dict[int, int], target: int) -> dict[int, int]:
    """What is left to each agent when all lose the same amount until `target` units remain.

    Who has less than the cut drops out and the others bear the rest. Shares are floors; single units that remain go in
    the order of `units`, which is the order of priority.
    """
    staying = dict(units)
    while staying:
        cut = Fraction(sum(staying.values()) - target, len(staying))
        smaller = {agent for agent, quantity in staying.items() if quantity < cut}
        if not smaller:
            break
        staying = {agent: quantity for agent, quantity in staying.items() if agent not in smaller}
    if not staying or cut <= 0:
        return units
    shares = {agent: quantity - ceil(cut) for agent, quantity in staying.items()}
    rest = target - sum(shares.values())
    lucky = set(list(staying)[:rest])
    return {agent: shares.get(agent, 0) + (agent in lucky) for agent in units}
