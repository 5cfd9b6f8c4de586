"""Where demand meets supply: both sides in merit order and the largest quantity worth trading."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mechanisms.book import Book, Column
from mechanisms.merit import SAMPLE, SMALL, Merit, merit
from mechanisms.rationing import ration


class Crossing(NamedTuple):
    """Demand by falling price, supply by rising price (its scores are minus the asks), and the efficient quantity q."""

    demand: Merit
    supply: Merit
    q: int

    def bid(self, number: int) -> int | None:
        """d_(number): the price of that unit of demand, counted from the best."""
        return self.demand.unit(number)

    def ask(self, number: int) -> int | None:
        """s_(number): the price of that unit of supply, counted from the best."""
        score = self.supply.unit(number)
        return None if score is None else -score


def cross(book: Book) -> Crossing:
    """The largest q whose q-th bid is at least the q-th ask; large books are sorted only near the crossing."""
    if len(book.price) > SMALL:
        low, high = _bracket(book)
        near = _between(book, low, high)
        if _settles(near):
            return near
    return _between(book, 0, int(book.price.max(initial=0)))


def _between(book: Book, low: int, high: int) -> Crossing:
    """The crossing by the orders priced in [low, high]; better ones are only counted, worse ones left out."""
    buys = book.quantity > 0
    ahead = int(book.quantity[np.flatnonzero(buys & (book.price > high))].sum())
    below = -int(book.quantity[np.flatnonzero(~buys & (book.price < low))].sum())
    inside = (book.price >= low) & (book.price <= high)
    demand, supply = np.flatnonzero(inside & buys), np.flatnonzero(inside & ~buys)
    bids = merit(book.price[demand], book.quantity[demand], demand, ahead)
    asks = merit(-book.price[supply], -book.quantity[supply], supply, below)
    return Crossing(bids, asks, _quantity(bids, asks))


def _quantity(demand: Merit, supply: Merit) -> int:
    """The greatest min(D(p), S(p)) over the bids' prices p, and over a price just above them all."""
    offered = np.concatenate(([supply.before], supply.reached))
    met = offered[np.searchsorted(-supply.score, demand.score, side="right")]
    return max(int(np.minimum(demand.reached, met).max(initial=0)), min(demand.before, int(offered[-1])))


def _settles(near: Crossing) -> bool:
    """Whether the q-th and the next unit of both sides lie inside the bracket, so that nothing outside matters."""
    sides = (near.demand, near.supply)
    return all(len(side.rows) > 0 and side.before < near.q < side.reached[-1] for side in sides)


def _bracket(book: Book) -> tuple[int, int]:
    """Prices between which the crossing should lie, from every so-manieth row."""
    step = len(book.price) // SAMPLE
    price, quantity = book.price[::step], book.quantity[::step]
    order = np.argsort(price)
    price, quantity = price[order], quantity[order]
    bought = np.cumsum(np.maximum(quantity, 0))
    excess = (bought[-1] - bought) - np.cumsum(np.maximum(-quantity, 0))
    middle = int(np.searchsorted(-excess, 0))
    margin = len(order) // 20
    return int(price[max(0, middle - margin)]), int(price[min(len(order) - 1, middle + margin)])


def fill_at(book: Book, q: int, bid: int, ask: int, rationing: str) -> Column:
    """On each side of q, orders better than the given price fill, and those at it share what is left."""
    buys = book.quantity > 0
    filled = book.quantity * ((buys & (book.price > bid)) | (~buys & (book.price < ask)))
    for sign, side, price in ((1, buys, bid), (-1, ~buys, ask)):
        at_price = np.flatnonzero(side & (book.price == price))
        left = q - int(np.maximum(sign * filled, 0).sum())
        filled[at_price] = sign * ration(book, at_price, left, rationing)
    return filled
