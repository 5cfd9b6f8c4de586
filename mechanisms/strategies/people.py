"""A reference agent that haggles as people do: fair offers, and a no to what seems unfair."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from mechanisms.strategies.haggling import HAIR, Haggler, offered, offering, own_utilities
from mechanisms.strategies.moblab import OFFERS, THRESHOLDS
from mechanisms.turns import State

PIE = 100


def human_like(rng: Random) -> Haggler:
    """One person, drawn once: it offers a share and takes no less than another, as somebody did in the MobLab data.

    Shares are of the most that the person itself could get beyond its reservation; the other's utilities are not used.
    """
    keeps = 1 - _drawn(rng, OFFERS) / PIE
    takes = _drawn(rng, THRESHOLDS) / PIE

    def act(state: State, agent: str) -> dict[str, Any]:
        own, least = own_utilities(state, agent)
        pie = float(own.max()) - least
        legal = {move["type"] for move in state.legal[agent]}
        if "accept" in legal:
            if own[offered(state)] >= least + takes * pie - HAIR:
                return {"type": "accept"}
            if "offer" not in legal:
                return {"type": "reject"}
        target = least + keeps * pie
        asked = np.where(own >= target - HAIR, own, np.inf)
        return offering(state, int(np.argmin(asked)))

    return act


def _drawn(rng: Random, counts: dict[int, int]) -> int:
    return rng.choices(list(counts), weights=list(counts.values()))[0]
