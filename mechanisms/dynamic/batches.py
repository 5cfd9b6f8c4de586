"""A batch of orders at one price: the clearing of a sealed double auction among the orders that stand.

Of orders at the price, those of earlier batches go first; within a batch the tie rule decides, never the time.
"""

from __future__ import annotations

from collections.abc import Callable

from mechanisms.dynamic.orders import Resting, Sides, Trade
from mechanisms.ties import priority


def cleared(lot: str, book: Sides, seed: str) -> tuple[list[Trade], list[tuple[Resting, bool]]]:
    """The trades, and each order that traded with what is left of it and whether it buys."""
    bids, asks = book.orders(buys=True), book.orders(buys=False)
    quantity = _quantity(bids, asks)
    if quantity == 0:
        return [], []
    price = _price(bids, asks, quantity)
    buyers = _served(bids, quantity, lambda order: order.price > price, seed)
    sellers = _served(asks, quantity, lambda order: order.price < price, seed)
    fills = [(_less(order, units), True) for order, units in buyers]
    fills += [(_less(order, units), False) for order, units in sellers]
    return _paired(lot, price, buyers, sellers), fills


def _less(order: Resting, units: int) -> Resting:
    return order._replace(left=order.left - units)


def _quantity(bids: list[Resting], asks: list[Resting]) -> int:
    """The largest quantity whose last bid is at least its last ask."""
    total, buying, selling = 0, iter(bids), iter(asks)
    bid, ask = next(buying, None), next(selling, None)
    while bid is not None and ask is not None and bid.price >= ask.price:
        units = min(bid.left, ask.left)
        total += units
        bid = _less(bid, units) if bid.left > units else next(buying, None)
        ask = _less(ask, units) if ask.left > units else next(selling, None)
    return total


def _price(bids: list[Resting], asks: list[Resting], quantity: int) -> int:
    """The middle, rounded down, between the prices that no untraded order betters."""
    lows = [_unit(asks, quantity), _unit(bids, quantity + 1)]
    highs = [_unit(bids, quantity), _unit(asks, quantity + 1)]
    low, high = max(p for p in lows if p is not None), min(p for p in highs if p is not None)
    return low + (high - low) // 2


def _unit(orders: list[Resting], number: int) -> int | None:
    """The price of that unit, counted from the best."""
    for order in orders:
        number -= order.left
        if number <= 0:
            return order.price
    return None


def _served(
    orders: list[Resting], quantity: int, better: Callable[[Resting], bool], seed: str
) -> list[tuple[Resting, int]]:
    """Which orders trade how many units: those better than the price in full, those at it in turn."""
    ahead = [order for order in orders if better(order)]
    equals = [order for order in orders if not better(order)]
    best = equals[0].price if equals else 0
    rest = sorted(
        (order for order in equals if order.price == best),
        key=lambda order: (order.batch, priority(seed, order.agent), order.n),
    )
    served: list[tuple[Resting, int]] = []
    for order in [*ahead, *rest]:
        units = min(order.left, quantity)
        if units:
            served.append((order, units))
        quantity -= units
    return served


def _paired(lot: str, price: int, buyers: list[tuple[Resting, int]], sellers: list[tuple[Resting, int]]) -> list[Trade]:
    """The units in order on both sides; whom one meets does not matter, for the price is one."""
    trades: list[Trade] = []
    selling = iter(sellers)
    seller, offered = next(selling)
    for buyer, wanted in buyers:
        while wanted:
            if offered == 0:
                seller, offered = next(selling)
            units = min(wanted, offered)
            trades.append(Trade(lot, units, price, buyer.agent, seller.agent, buyer.price, seller.price))
            wanted, offered = wanted - units, offered - units
    return trades
