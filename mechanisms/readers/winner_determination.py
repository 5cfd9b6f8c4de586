"""What readers of winner-determination files share: decimal prices as integers, atoms as a problem document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from mechanisms.readers.errors import UnreadableError

MOST_DIGITS = 30  # on either side of the point: a short text may say a number that fills the memory


class Line(NamedTuple):
    """One bid of a file: whose it is, what it is for and its price."""

    agent: str
    goods: tuple[int, ...]
    price: Decimal


def read_price(text: str, line: int) -> Decimal:
    """A decimal of 0 or more, exactly, of at most so many digits on either side of the point."""
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise UnreadableError(line, f"{text!r} is no price") from None
    if not price.is_finite() or price < 0:
        raise UnreadableError(line, f"{text!r} is no price of 0 or more")
    if price.adjusted() > MOST_DIGITS or int(price.as_tuple().exponent) < -MOST_DIGITS:
        raise UnreadableError(line, f"a price has at most {MOST_DIGITS} digits on either side of the point")
    return price


def read_goods(texts: Iterable[str], line: int, numbers: range) -> tuple[int, ...]:
    """Numbers of goods, each within the range and only once."""
    try:
        goods = tuple(int(text) for text in texts)
    except ValueError:
        raise UnreadableError(line, "a good is not a number") from None
    if len(set(goods)) != len(goods) or not all(good in numbers for good in goods):
        raise UnreadableError(line, f"goods are numbers from {numbers[0]} to {numbers[-1]}, each at most once")
    return goods


def document(lines: list[Line], goods: Iterable[int], mechanism: str, finer: int) -> dict[str, Any]:
    """A problem in which prices count in the longest decimal's last place, `finer` places beyond."""
    exponent = finer + max((-int(line.price.as_tuple().exponent) for line in lines), default=0)
    exponent = max(0, exponent)
    atoms: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        atom = {"bundle": {str(good): 1 for good in line.goods}, "value": int(line.price.scaleb(exponent))}
        atoms.setdefault(line.agent, []).append(atom)
    return {
        "mechanism": mechanism,
        "params": {},
        "seed": "00",
        "currency": "USD",
        "exponent": exponent,
        "lots": [{"id": str(good), "seller": "seller"} for good in goods],
        "bids": [{"agent": agent, "atoms": own} for agent, own in atoms.items()],
    }
