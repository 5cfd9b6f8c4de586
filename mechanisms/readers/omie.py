"""Reads an hour of the Iberian day-ahead electricity auction (OMIE's curve file) into a double auction.

The file is ISO-8859-1 with `;` between fields, a decimal comma and a thousands point: three header lines, then one
order a line (hour; day; country; unit; C to buy or V to sell; MWh; cent/kWh; O as offered or C as matched), then a line
of empty fields. The lot `energy` counts 0.1 MWh, so a price in cent/kWh is the same number of EUR a unit; with exponent
3 it is an integer. Orders of one hour carry no names: each becomes an agent of its own, `buy-0001`, `sell-0001` and on
in the order of the file.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mechanisms.readers.errors import UnreadableError

Orders = Literal["offered", "matched"]

HEADER = ("Hora", "Fecha", "Pais", "Unidad", "Tipo Oferta", "Energía Compra/Venta", "Precio Compra/Venta")
FIRST_ORDER = 4
NUMBER = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?", re.ASCII)
SIDES = {"C": "buy", "V": "sell"}
MARKS: dict[str, Orders] = {"O": "offered", "C": "matched"}
# The cap of the years in cent/kWh, in units. Later files are in EUR/MWh, look the same and always go higher.
HIGHEST = 18_030


class _Order(NamedTuple):
    line: int
    hour: tuple[str, ...]
    side: str
    quantity: int
    price: int
    orders: Orders


def read_omie(path: Path | str, *, orders: Orders = "offered", k: object = None, seed: str = "00") -> dict[str, Any]:
    """Read the file at `path`; see `parse_omie`. Every byte is a letter of ISO-8859-1, so decoding cannot fail."""
    return parse_omie(Path(path).read_text(encoding="iso-8859-1"), orders=orders, k=k, seed=seed)


def parse_omie(text: str, *, orders: Orders = "offered", k: object = None, seed: str = "00") -> dict[str, Any]:
    """Return the problem document of a curve file's text.

    `orders` picks the orders as offered or as the operator matched them; `k` is passed on to `double_auction` (None
    leaves its default). Raises `UnreadableError`, which names the line.
    """
    # Not splitlines(): that also breaks at 0x85, which in ISO-8859-1 ends no line.
    lines = text.split("\n")
    _check_header(lines)
    book = list(_book(lines))
    chosen = [order for order in book if order.orders == orders]
    if not chosen:
        raise UnreadableError(len(lines), f"the file ends without any order that is {orders}")
    return {
        "mechanism": "double_auction",
        "params": {} if k is None else {"k": k},
        "seed": seed,
        "currency": "EUR",
        "exponent": 3,
        "lots": [{"id": "energy"}],
        "bids": [*_bids(chosen, "buy", 1), *_bids(chosen, "sell", -1)],
    }


def _check_header(lines: list[str]) -> None:
    last = FIRST_ORDER - 1
    if len(lines) < last:
        raise UnreadableError(len(lines) + 1, "the file ends before its three header lines")
    if tuple(lines[last - 1].split(";")[: len(HEADER)]) != HEADER:
        raise UnreadableError(last, f"the header should start with {';'.join(HEADER)}")


def _book(lines: list[str]) -> Iterator[_Order]:
    """Yield every order; all must be of one hour, day and zone, for these are cleared apart."""
    first: _Order | None = None
    for number, line in enumerate(lines[FIRST_ORDER - 1 :], start=FIRST_ORDER):
        if not line.strip("; \r"):
            continue
        order = _order(number, line)
        first = first or order
        if order.hour != first.hour:
            raise UnreadableError(number, f"{' '.join(order.hour)} follows {' '.join(first.hour)}: one hour at a time")
        yield order


def _order(line: int, text: str) -> _Order:
    fields = [field.strip() for field in text.split(";")]
    if len(fields) not in (8, 9) or fields[8:] not in ([], [""]):
        raise UnreadableError(line, f"expected 8 fields, found {len(fields)}")
    hour, day, country, _, side, energy, price, mark = fields[:8]
    if side not in SIDES or mark not in MARKS:
        raise UnreadableError(line, f"expected C or V and O or C, found {side!r} and {mark!r}")
    quantity, units = _scaled(line, energy, 1), _scaled(line, price, 3)
    if quantity == 0:
        raise UnreadableError(line, "an order for no energy")
    if units > HIGHEST:
        raise UnreadableError(line, f"{price} is above 18,030 cent/kWh; files in EUR/MWh are not read")
    return _Order(line, (hour, day, country), SIDES[side], quantity, units, MARKS[mark])


def _scaled(line: int, text: str, places: int) -> int:
    """Read `3.922,05` as an integer of 10^-places, exactly or not at all."""
    match = NUMBER.fullmatch(text)
    if match is None:
        raise UnreadableError(line, f"{text!r} is not a number such as 3.922,0")
    whole, decimals = match[1].replace(".", ""), (match[2] or "").rstrip("0")
    if len(decimals) > places or len(whole) > 12:
        raise UnreadableError(line, f"{text} does not fit: at most 12 digits and {places} decimals")
    return int(whole + decimals.ljust(places, "0"))


def _bids(book: list[_Order], side: str, sign: int) -> list[dict[str, Any]]:
    mine = (order for order in book if order.side == side)
    return [
        {
            "agent": f"{side}-{number:04d}",
            "steps": [{"lot": "energy", "quantity": sign * order.quantity, "price": order.price}],
        }
        for number, order in enumerate(mine, start=1)
    ]
