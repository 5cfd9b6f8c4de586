"""An arriving order against those that stand: it takes the best price first and, at one price, the earliest."""

from __future__ import annotations

from typing import NamedTuple

from mechanisms.dynamic.orders import Resting, Sides, Trade
from mechanisms.dynamic.types import Session
from mechanisms.errors import ProblemError
from mechanisms.fields import read_int, read_object
from mechanisms.moves import Move
from mechanisms.reading import MAX_QUANTITY, MAX_VALUE


class Wish(NamedTuple):
    """An order as it arrives: `price` for each unit, or None with `limit_total`, the most (a seller: the least) in all.

    A market order trades at once, as many units as the total lets; a seller's by the average that the total means.
    """

    n: int
    agent: str
    lot: str
    buys: bool
    quantity: int
    price: int | None
    limit_total: int | None


def read_wish(problem: Session, move: Move, *, batches: bool) -> Wish:
    """`{"lot", "quantity", "price"}`, or `limit_total` for a market order; raises ProblemError."""
    data = read_object(move.data, "/data", ("lot", "quantity"), ("price", "limit_total"))
    lot = problem.lot(data["lot"], "/data/lot").id
    quantity = read_int(data["quantity"], "/data/quantity", -MAX_QUANTITY, MAX_QUANTITY)
    if quantity == 0:
        raise ProblemError("zero_quantity", "a quantity is not 0", "/data/quantity")
    if ("price" in data) == ("limit_total" in data):
        raise ProblemError("price_or_limit_total", "a limit order has price, a market order limit_total", "/data/price")
    if batches and "limit_total" in data:
        raise ProblemError("no_market_orders", "where orders wait for a batch, state a price", "/data/limit_total")
    price = read_int(data["price"], "/data/price", 0, MAX_VALUE) if "price" in data else None
    total = read_int(data["limit_total"], "/data/limit_total", 0, MAX_VALUE) if price is None else None
    return Wish(move.n, move.agent, lot, quantity > 0, abs(quantity), price, total)


def matched(book: Sides, wish: Wish) -> tuple[list[Trade], list[Resting], int]:
    """The trades, the standing orders with what is left of each that was hit, and what is left of the wish."""
    trades: list[Trade] = []
    fills: list[Resting] = []
    left, money = wish.quantity, 0
    while left and (other := book.best(buys=not wish.buys)) is not None:
        units = min(left, other.left, _affordable(wish, other.price, wish.quantity - left, money))
        if units == 0:
            break
        if other.agent == wish.agent:
            raise ProblemError("self_trade", f"it would meet your own order {other.n}: cancel that first", "/data")
        trades.append(_trade(wish, other, units))
        fills.append(other._replace(left=other.left - units))
        book = book.with_order(fills[-1], buys=not wish.buys)
        left, money = left - units, money + units * other.price
    return trades, fills, left


def _affordable(wish: Wish, price: int, filled: int, money: int) -> int:
    """How many units at that price the wish still takes."""
    if wish.price is not None:
        return wish.quantity if (price <= wish.price if wish.buys else price >= wish.price) else 0
    total = wish.limit_total or 0
    if wish.buys:
        return wish.quantity if price == 0 else (total - money) // price
    # Sold n more at this price, the average must stay total / quantity: (money + n p) q >= total (filled + n).
    short = total - price * wish.quantity
    spare = money * wish.quantity - total * filled
    return wish.quantity if short <= 0 else spare // short


def _trade(wish: Wish, other: Resting, units: int) -> Trade:
    own = other.price if wish.price is None else wish.price
    if wish.buys:
        return Trade(wish.lot, units, other.price, wish.agent, other.agent, own, other.price)
    return Trade(wish.lot, units, other.price, other.agent, wish.agent, other.price, own)
