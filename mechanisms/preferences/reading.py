"""A preference from JSON: typed, versioned, every fault with a pointer and what was expected there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mechanisms.errors import ProblemError
from mechanisms.fields import read_currency, read_int, read_object
from mechanisms.preferences.attributes import Category
from mechanisms.preferences.categories import built_in
from mechanisms.preferences.wants import Item, Want, read_items, read_want
from mechanisms.preferences.worths import read_amount
from mechanisms.strict_json import parse

VERSION = 1
MAX_EXPONENT = 12


class Preference(Struct, frozen=True):
    """What a person wants: items with musts and worths, what goes together, the budget, and what walking away is worth.

    Money counts 10^-exponent of `currency`; `pointer` is where it stands in what was read.
    """

    currency: str
    exponent: int
    items: dict[str, Item]
    want: Want
    budget: int | None
    reservation: int
    pointer: str = ""


def read_preference(data: Any, categories: Mapping[str, Category] | None = None, pointer: str = "") -> Preference:
    """A preference from JSON text or values; raises ProblemError, its pointer beginning with `pointer`.

    `categories`: those that its items may name (the built-in ones where not given).
    """
    if isinstance(data, bytes | str):
        data = parse(data)
    fields = read_object(data, pointer, ("version", "currency", "items"), ("exponent", "want", "budget", "reservation"))
    if fields["version"] != VERSION or isinstance(fields["version"], bool):
        raise ProblemError("unknown_version", f"expected version {VERSION}", f"{pointer}/version")
    items = read_items(fields["items"], built_in() if categories is None else categories, f"{pointer}/items")
    budget = fields.get("budget")
    return Preference(
        currency=read_currency(fields["currency"], f"{pointer}/currency"),
        exponent=read_int(fields.get("exponent", 2), f"{pointer}/exponent", 0, MAX_EXPONENT),
        items=items,
        want=read_want(fields.get("want", {}), items, f"{pointer}/want"),
        budget=None if budget is None else read_amount(budget, f"{pointer}/budget", 0),
        reservation=read_amount(fields.get("reservation", 0), f"{pointer}/reservation", 0),
        pointer=pointer,
    )
