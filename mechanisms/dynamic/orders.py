"""The standing orders of one lot, best first, and the trades that came of them."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from mechanisms.dynamic.tree import Tree, drop, each, find, least, put


class Resting(NamedTuple):
    """An order that stands: move `n` of `agent`, for so many units still, at `price`; it came in this batch."""

    n: int
    agent: str
    left: int
    price: int
    batch: int = 0


class Trade(NamedTuple):
    """Units of a lot at a price; `bid` and `ask` are the most and the least that the two had stated for each."""

    lot: str
    quantity: int
    price: int
    buyer: str
    seller: str
    bid: int
    ask: int


class Sides(NamedTuple):
    """Bids by falling price, asks by rising price: at each price the orders in their time."""

    bids: Tree = None
    asks: Tree = None

    def with_order(self, order: Resting, *, buys: bool) -> Sides:
        """With an order added, or in place of itself with another quantity; without it where nothing is left."""
        side, key = self.bids if buys else self.asks, (-order.price if buys else order.price,)
        level = _changed(find(side, key) or (), order)
        side = put(side, key, level) if level else drop(side, key)
        return Sides(side, self.asks) if buys else Sides(self.bids, side)

    def best(self, *, buys: bool) -> Resting | None:
        """The first bid, or ask."""
        node = least(self.bids if buys else self.asks)
        return None if node is None else node.value[0]

    def orders(self, *, buys: bool) -> list[Resting]:
        """All of a side, the best price first, of equals the earliest."""
        return [order for _, level in each(self.bids if buys else self.asks) for order in level]

    def levels(self, *, buys: bool, depth: int) -> list[list[int]]:
        """[price, units] of the best prices."""
        side = islice(each(self.bids if buys else self.asks), depth)
        return [[level[0].price, sum(order.left for order in level)] for _, level in side]


def _changed(level: tuple[Resting, ...], order: Resting) -> tuple[Resting, ...]:
    """The orders of one price with this one as it is now."""
    if not level or level[-1].n < order.n:
        return (*level, order)
    at = next(index for index, other in enumerate(level) if other.n == order.n)
    return (*level[:at], *((order,) if order.left else ()), *level[at + 1 :])
