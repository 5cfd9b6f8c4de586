"""What a strategy sees and gives: the shape that every reference agent shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What everybody may know when the agent `agent` is about to act in a market.

    `rivals` counts the other agents on its own side. `low` and `high` bound what everybody believes the private values
    of one unit to be, uniformly. `reserve` is the lot's: the least that is accepted from buyers, or the most that
    sellers get where the market buys; None where there is none. `quantity` is how many units the agent trades, always
    positive; the side says which way.
    """

    agent: str
    mechanism: str
    lot: str
    rivals: int
    high: int
    low: int = 0
    side: Literal["buy", "sell"] = "buy"
    reserve: int | None = None
    quantity: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rivals < 0 or self.quantity < 1 or not 0 <= self.low <= self.high:
            raise ValueError("rivals >= 0, quantity >= 1 and 0 <= low <= high are needed")


class Strategy(Protocol):
    """A pure function: the same situation, value and state of `rng` give the same act.

    `value` is private: what a unit is worth to a buyer or costs a seller, in units. `rng` is the only source of chance.
    The answer is a bid (or, in turn-based rules, a move) in the contract's JSON shape, money in integers.
    """

    def __call__(self, situation: Situation, value: int, rng: Random) -> dict[str, Any]: ...


def draw_value(situation: Situation, rng: Random) -> int:
    """Draw a private value as everybody believes them to be: uniform on low..high, both included."""
    return rng.randint(situation.low, situation.high)


def priced(situation: Situation, price: int) -> dict[str, Any]:
    """Return a bid (for a seller an offer) of the agent's whole quantity at one unit price."""
    quantity = situation.quantity if situation.side == "buy" else -situation.quantity
    return {"agent": situation.agent, "steps": [{"lot": situation.lot, "quantity": quantity, "price": price}]}
