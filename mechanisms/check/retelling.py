"""The moves of a dynamic auction told a second time, by lists and sums alone: who ends with what, and pays how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from mechanisms.dynamic.types import Session


class Told(NamedTuple):
    """Units by (agent, lot), payments by agent, stated values by agent; reserves of what was sold."""

    units: dict[tuple[str, str], int]
    payments: dict[str, int]
    values: dict[str, int]


def _empty() -> Told:
    return Told(defaultdict(int), defaultdict(int), defaultdict(int))


def english(problem: Session) -> Told:
    """The highest of all bids, the first of equals; the price from the best bid of another."""
    told, best = _empty(), dict[str, tuple[int, int]]()
    for move in problem.moves:
        if move.type == "bid":
            best[move.agent] = max(best.get(move.agent, (-1, 0)), (move.data["amount"], -move.n))
    if not best:
        return told
    winner = max(best, key=lambda agent: best[agent])
    rivals = [amount for agent, (amount, _) in best.items() if agent != winner]
    lot, price = problem.lots[0], problem.lots[0].reserve
    if rivals:
        bands = problem.params["increments"]
        price = max(price, max(rivals) + next(s for below, s in bands if below is None or max(rivals) < below))
    told.units[winner, lot.id] = 1
    told.values[winner] = best[winner][0]
    told.payments[winner] = min(price, best[winner][0])
    return told


def dutch(problem: Session) -> Told:
    """As many ticks as the clock made, and who took at which."""
    told, lot = _empty(), problem.lots[0]
    price = problem.params["start"]
    for move in problem.moves:
        if move.type == "timeout":
            price = max(lot.reserve, price - problem.params["decrement"])
            continue
        units = move.data.get("quantity", 1)
        told.units[move.agent, lot.id] += units
        told.payments[move.agent] += units * price
        told.values[move.agent] += units * price
    return told


class Order:
    """One order of the second book."""

    def __init__(self, n: int, agent: str, lot: str, quantity: int, price: int) -> None:
        self.n, self.agent, self.lot, self.price = n, agent, lot, price
        self.sign, self.left = (1 if quantity > 0 else -1), abs(quantity)


def order_book(problem: Session) -> Told:
    """A book that is sorted anew for every order; batches are left to their own check."""
    told, book = _empty(), list[Order]()
    for move in problem.moves:
        if move.type == "cancel":
            book = [order for order in book if order.n != move.data["order"]]
        elif move.type == "order":
            _arrive(told, book, move.n, move.agent, move.data)
            book = [order for order in book if order.left]
    return told


def _arrive(told: Told, book: list[Order], n: int, agent: str, data: dict[str, Any]) -> None:
    sign, wanted = (1 if data["quantity"] > 0 else -1), abs(data["quantity"])
    facing = [order for order in book if order.lot == data["lot"] and order.sign == -sign]
    facing.sort(key=lambda order: (sign * order.price, order.n))
    left, money = wanted, 0
    for other in facing:
        units = 0
        while units < min(left, other.left) and _takes(data, wanted - left + units, money, other.price):
            units, money = units + 1, money + other.price
        own = other.price if "limit_total" in data else data["price"]
        for who, way, limit in ((agent, sign, own), (other.agent, -sign, other.price)):
            told.units[who, data["lot"]] += way * units
            told.payments[who] += way * units * other.price
            told.values[who] += way * units * limit
        left, other.left = left - units, other.left - units
        if other.left:
            break
    if left and "price" in data:
        book.append(Order(n, agent, data["lot"], sign * left, data["price"]))


def _takes(data: dict[str, Any], filled: int, money: int, price: int) -> bool:
    """Whether one more unit at that price is within the limit."""
    buys = data["quantity"] > 0
    if "price" in data:
        return bool(price <= data["price"] if buys else price >= data["price"])
    if buys:
        return bool(money + price <= data["limit_total"])
    return bool((money + price) * abs(data["quantity"]) >= data["limit_total"] * (filled + 1))


RETOLD: dict[str, Callable[[Session], Told]] = {
    "english": english,
    "dutch": dutch,
    "continuous_double_auction": order_book,
}
