"""The end of a clock's round: who may leave a lot, and who may move to another.

Nobody leaves a lot below its supply, or one that did not rise in price; nobody comes to hold more points than before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mechanisms.ties import by_priority

Demand = dict[str, int]


class Room(NamedTuple):
    """Units of each lot, the lots that change no more, what a demand counts, and the seed of the tie rule."""

    supply: Mapping[str, int]
    sold: frozenset[str]
    points: Callable[[Demand], int]
    seed: str


def processed(
    held: Mapping[str, Demand], asked: Mapping[str, Demand], room: Room
) -> tuple[dict[str, Demand], frozenset[str]]:
    """What each holds next, and the lots that somebody wanted to leave and could not. Silence asks for nothing."""
    now = {agent: dict(demand) for agent, demand in held.items()}
    most = {agent: room.points(demand) for agent, demand in held.items()}
    total = {lot: sum(demand.get(lot, 0) for demand in now.values()) for lot in room.supply}
    order = by_priority(room.seed, now)
    open_lots = [lot for lot in sorted(room.supply) if lot not in room.sold]
    changed = True
    while changed:
        changed = False
        for agent in order:
            wanted = asked.get(agent, {})
            for lot in open_lots:
                less = min(now[agent].get(lot, 0) - wanted.get(lot, 0), total[lot] - room.supply[lot])
                changed |= _moved(now[agent], total, lot, -max(0, less))
            for lot in open_lots:
                more = wanted.get(lot, 0) - now[agent].get(lot, 0)
                left = most[agent] - room.points(now[agent])
                changed |= _moved(now[agent], total, lot, max(0, min(more, left // room.points({lot: 1}))))
    stuck = {lot for lot in open_lots for agent in order if now[agent].get(lot, 0) > asked.get(agent, {}).get(lot, 0)}
    return now, frozenset(stuck)


def _moved(demand: Demand, total: dict[str, int], lot: str, units: int) -> bool:
    if units:
        demand[lot] = demand.get(lot, 0) + units
        total[lot] += units
        if not demand[lot]:
            del demand[lot]
    return units != 0
