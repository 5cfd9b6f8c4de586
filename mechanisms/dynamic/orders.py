"""The standing orders of one lot, best first, and the trades that came of them."""

from __future__ import annotations

from typing import NamedTuple

from mechanisms.dynamic.tree import Key, Tree, drop, each, least, put


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
    """Bids by falling price, asks by rising price; of equals the earlier first."""

    bids: Tree = None
    asks: Tree = None

    def with_order(self, order: Resting, *, buys: bool) -> Sides:
        """With an order added, or in place of itself with another quantity; without it where nothing is left."""
        side, key = self.bids if buys else self.asks, key_of(order, buys)
        side = put(side, key, order) if order.left else drop(side, key)
        return self._replace(bids=side) if buys else self._replace(asks=side)

    def best(self, *, buys: bool) -> Resting | None:
        """The first bid, or ask."""
        node = least(self.bids if buys else self.asks)
        return None if node is None else node.value

    def levels(self, *, buys: bool, depth: int) -> list[list[int]]:
        """[price, units] of the best prices."""
        found: list[list[int]] = []
        for _, order in each(self.bids if buys else self.asks):
            if found and found[-1][0] == order.price:
                found[-1][1] += order.left
            elif len(found) == depth:
                break
            else:
                found.append([order.price, order.left])
        return found


def key_of(order: Resting, buys: bool) -> Key:
    """Price-time priority: the least key goes first."""
    return (-order.price if buys else order.price, order.n)
