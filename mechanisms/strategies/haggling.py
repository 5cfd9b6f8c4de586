"""Reference agents that haggle: backward induction, conceding with time (boulware, conceder), zero intelligence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechanisms.bargaining.front import pareto_front
from mechanisms.bargaining.table import Table, table_of
from mechanisms.bargaining.types import Bargain
from mechanisms.haggling.types import Haggle
from mechanisms.turns import State, advance

Floats = NDArray[np.float64]
# A move without its number: what to do at this state, for this agent, which is in turn.
Haggler = Callable[[State, str], dict[str, Any]]


# Two utilities as near as this are the same: products of discounts are rounded.
HAIR = 1e-12


class Stage(NamedTuple):
    """One round of backward induction: the offer (an index, None for none) and both values, in that round's units."""

    offer: int | None
    values: tuple[float, float]


def induction(
    utilities: Floats, reservations: Sequence[float], discounts: Sequence[float], rounds: int, first: int
) -> list[Stage]:
    """The subgame-perfect offers of each round, 2 parties offering by turns (Stahl 1972; Rubinstein 1982).

    `utilities` (2 x agreements) rises in the first party's and falls in the second's. Who is indifferent accepts; each
    round multiplies a party's utilities and its reservation by its discount.
    """
    low = -utilities[1]
    stages: list[Stage] = []
    later = (float(reservations[0]), float(reservations[1]))
    for number in range(rounds - 1, -1, -1):
        offering = (first + number) % 2
        final = number == rounds - 1
        waits = [r if final else max(r, d * v) for r, d, v in zip(reservations, discounts, later, strict=True)]
        if offering == 0:
            at = int(np.searchsorted(low, -waits[1] + HAIR, side="right")) - 1
        else:
            at = int(np.searchsorted(utilities[0], waits[0] - HAIR, side="left"))
        good = 0 <= at < utilities.shape[1] and utilities[offering, at] >= waits[offering] - HAIR
        later = (float(utilities[0, at]), float(utilities[1, at])) if good else (waits[0], waits[1])
        stages.append(Stage(at if good else None, later))
    return stages[::-1]


class _Known:
    """The agreements of one haggle with their utilities, compared by identity of the parties."""

    def __init__(self, problem: Haggle) -> None:
        self.problem = problem

    def __hash__(self) -> int:
        return id(self.problem.parties)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and other.problem.parties is self.problem.parties


@lru_cache(maxsize=16)
def _table(known: _Known) -> Table:
    given = known.problem
    return table_of(Bargain(mechanism=given.mechanism, issues=given.issues, parties=given.parties))


def own_utilities(state: State, agent: str) -> tuple[Floats, float]:
    """This agent's utility of each agreement, and its reservation."""
    table = _table(_Known(state.problem))
    side = table.parties.index(agent)
    return table.utility[side].astype(float) / table.scale, table.disagreement[side] / table.scale


def offered(state: State) -> int:
    """Which agreement was offered."""
    row = 0
    for issue, values in state.problem.issues.items():
        row = row * len(values) + values.index(state.public["offer"][issue])
    return row


def offering(state: State, row: int) -> dict[str, Any]:
    """The move that offers the agreement of that index."""
    return {"type": "offer", "data": {"agreement": _table(_Known(state.problem)).name(row)}}


def _can(state: State, agent: str) -> set[str]:
    return {move["type"] for move in state.legal[agent]}


def subgame_perfect(state: State, agent: str) -> dict[str, Any]:
    """What backward induction says, both parties' utilities being known to both, the one who rejects offering next."""
    table = _table(_Known(state.problem))
    front = pareto_front(table.utility)
    front = front[np.lexsort((-table.utility[1, front], table.utility[0, front]))]
    utilities = table.utility[:, front].astype(float) / table.scale
    reservations = [number / table.scale for number in table.disagreement]
    discounts = [float(state.problem.parties[name].get("discount", 1)) for name in table.parties]
    side, rounds = table.parties.index(agent), state.public["rounds"] - state.public["round"]
    answering = state.public["offer"] is not None
    stages = induction(utilities, reservations, discounts, rounds, side) if rounds else []
    if answering:
        wait = max(reservations[side], discounts[side] * stages[0].values[side]) if stages else reservations[side]
        if table.utility[side, offered(state)] / table.scale >= wait - HAIR:
            return {"type": "accept"}
        if not stages or reservations[side] >= wait:
            return {"type": "walk_away"}
    if stages[0].offer is None:
        best = front[-1] if side == 0 else front[0]
        return offering(state, int(best))  # nothing that both would take: ask for the most
    return offering(state, int(front[stages[0].offer]))


def conceding(power: float) -> Haggler:
    """Ask for what falls from the most to the reservation with time (Faratin, Sierra and Jennings 1998).

    `power` below 1 concedes late (boulware), above 1 early (conceder). Only its own utilities are used.
    """

    def act(state: State, agent: str) -> dict[str, Any]:
        own, least = own_utilities(state, agent)
        done = state.public["round"] / state.public["rounds"]
        target = least + (float(own.max()) - least) * (1 - done ** (1 / power))
        if state.public["offer"] is not None:
            if own[offered(state)] >= min(target, own.max()) - HAIR:
                return {"type": "accept"}
            if "offer" not in _can(state, agent):
                return {"type": "walk_away"}
        asked = np.where(own >= target - HAIR, own, np.inf)
        return offering(state, int(np.argmin(asked)))

    return act


boulware, conceder = conceding(0.2), conceding(5.0)


def zero_intelligence(rng: Random) -> Haggler:
    """Offer anything and accept anything that is no worse than nothing (Gode and Sunder 1993)."""

    def act(state: State, agent: str) -> dict[str, Any]:
        own, least = own_utilities(state, agent)
        good = np.flatnonzero(own >= least)
        if state.public["offer"] is not None:
            if own[offered(state)] >= least:
                return {"type": "accept"}
            if "offer" not in _can(state, agent):
                return {"type": "walk_away"}
        return offering(state, int(rng.choice(good))) if len(good) else {"type": "walk_away"}

    return act


def play(state: State, agents: Mapping[str, Haggler]) -> State:
    """The state at the end, after these agents have played it out; the first in turn moves where both could."""
    while state.outcome is None:
        name = state.turn[0]
        move = agents[name](state, name)
        state = advance(state, {"n": state.next_number, "agent": name, **move})
    return state
