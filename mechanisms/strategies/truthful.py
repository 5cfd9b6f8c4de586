"""Truth: bid the value, ask the cost."""

from random import Random
from typing import Any

from mechanisms.strategies.protocol import Situation, priced


def truthful(situation: Situation, value: int, rng: Random) -> dict[str, Any]:
    """Say the value as it is; dominant in second-price auctions (Vickrey 1961) and for price takers anywhere."""
    return priced(situation, value)
