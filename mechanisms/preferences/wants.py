"""What is wanted together: items, how many of each, what must match between them, and what they add to each other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from msgspec import Struct

from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_list, read_object
from mechanisms.preferences.attributes import ORDERED, Attribute, Category
from mechanisms.preferences.conditions import Condition, Reader
from mechanisms.preferences.contradictions import refuse_contradictions
from mechanisms.preferences.limits import MAX_ACROSS, MAX_ITEMS, MAX_UNITS
from mechanisms.preferences.worths import Worth, read_amount, read_worth

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_SIGNS = {"eq": "is", "ne": "is not", "lt": "is before", "le": "is not after", "gt": "is after", "ge": "is not before"}


class Item(Struct, frozen=True):
    """One thing wanted: lots of a category that meet `must`, at most so many units, each worth what `worth` says.

    `further` is added for the second unit, the third and so on (the last goes on): 0 or less, falling.
    """

    name: str
    category: Category
    must: tuple[Condition, ...]
    worth: Worth
    at_most: int
    further: tuple[int, ...]


class Across(Struct, frozen=True):
    """An attribute of one item's lot compared with an attribute of another's."""

    pointer: str
    words: str
    item: str
    attribute: Attribute
    comparison: str
    other_item: str
    other: Attribute


class Together(Struct, frozen=True):
    """Units added where a bundle has all of these items, and some lots of them meet `when`."""

    pointer: str
    items: tuple[str, ...]
    add: int
    when: tuple[Across, ...]


class Want(Struct, frozen=True):
    """At most so many units in all; every bundle has each of `required`; all of `across` hold within a bundle."""

    at_most: int
    required: tuple[str, ...]
    across: tuple[Across, ...]
    together: tuple[Together, ...]


def read_items(data: Any, categories: Mapping[str, Category], pointer: str) -> dict[str, Item]:
    """`items`: by a name of the caller's own."""
    if not isinstance(data, Mapping) or not 1 <= len(data) <= MAX_ITEMS:
        raise ProblemError("items_out_of_bounds", f"expected an object of 1 to {MAX_ITEMS} items", pointer)
    return {name: read_item(name, stated, categories, f"{pointer}/{escape(name)}") for name, stated in data.items()}


def read_item(name: str, data: Any, categories: Mapping[str, Category], pointer: str) -> Item:
    """One item of this name."""
    fields = read_object(data, pointer, ("category", "worth"), ("must", "at_most", "each_further"))
    category = fields["category"]
    if not isinstance(category, str) or category not in categories:
        detail = f"expected a category that exists: {', '.join(sorted(categories))}"
        raise ProblemError("unknown_category", detail, f"{pointer}/category")
    reader = Reader(categories[category])
    must = reader.conjunction(fields.get("must", []), f"{pointer}/must")
    refuse_contradictions(must)
    at = f"{pointer}/each_further"
    stated = enumerate(read_list(fields.get("each_further", []), at))
    further = tuple(read_amount(amount, f"{at}/{n}") for n, amount in stated)
    for n, (before, after) in enumerate(pairwise((0, *further))):
        if after > before:
            detail = "expected 0 or less, and no more than before: each further unit is worth no more"
            raise ProblemError("rising_marginals", detail, f"{at}/{n}")
    return Item(
        name=read_id(name, pointer),
        category=categories[category],
        must=must,
        worth=read_worth(fields["worth"], f"{pointer}/worth", reader),
        at_most=read_int(fields.get("at_most", 1), f"{pointer}/at_most", 1, MAX_UNITS),
        further=further,
    )


def read_want(data: Any, items: Mapping[str, Item], pointer: str) -> Want:
    """`want`, with its defaults: what the items allow, nothing required, nothing across."""
    fields = read_object(data, pointer, (), ("at_most", "required", "across", "together"))
    most = sum(item.at_most for item in items.values())
    required = [
        _named(name, items, f"{pointer}/required/{n}")
        for n, name in enumerate(read_list(fields.get("required", []), f"{pointer}/required"))
    ]
    if len(set(required)) != len(required):
        raise ProblemError("duplicate_id", "expected each item once", f"{pointer}/required")
    at_most = read_int(fields.get("at_most", most), f"{pointer}/at_most", 1, MAX_UNITS * MAX_ITEMS)
    if at_most < len(required):
        detail = f"no bundle has all of {', '.join(required)} (/want/required) and at most {at_most} (/want/at_most)"
        raise ProblemError("contradictory_must", detail, f"{pointer}/at_most")
    across = _across_list(fields.get("across", []), items, f"{pointer}/across")
    listed = _bounded(fields.get("together", []), f"{pointer}/together")
    together = tuple(_together(one, items, f"{pointer}/together/{n}") for n, one in enumerate(listed))
    return Want(min(at_most, most), tuple(required), across, together)


def _bounded(data: Any, pointer: str) -> list[Any]:
    listed = read_list(data, pointer)
    if len(listed) > MAX_ACROSS:
        raise ProblemError("too_many_conditions", f"expected at most {MAX_ACROSS} of these", pointer)
    return listed


def _named(data: Any, items: Mapping[str, Item], pointer: str) -> str:
    if not isinstance(data, str) or data not in items:
        raise ProblemError("unknown_item", f"expected one of {', '.join(items)}", pointer)
    return data


def _across_list(data: Any, items: Mapping[str, Item], pointer: str) -> tuple[Across, ...]:
    return tuple(_across(one, items, f"{pointer}/{n}") for n, one in enumerate(_bounded(data, pointer)))


def _across(data: Any, items: Mapping[str, Item], pointer: str) -> Across:
    fields = read_object(data, pointer, ("of", "attribute"), COMPARISONS)
    found = [name for name in COMPARISONS if name in fields]
    if len(found) != 1:
        raise ProblemError("one_comparison", f"expected exactly one of {', '.join(COMPARISONS)}", pointer)
    item, mine = _side(fields, items, pointer)
    at = f"{pointer}/{found[0]}"
    other_item, other = _side(read_object(fields[found[0]], at, ("of", "attribute")), items, at)
    if item == other_item:
        raise ProblemError("same_item", "expected an attribute of another item; `must` compares within one", f"{at}/of")
    alike = (mine.type, mine.unit, mine.places, mine.values) == (other.type, other.unit, other.places, other.values)
    if not alike or (mine.type not in ORDERED and found[0] not in ("eq", "ne")) or mine.type in ("set", "interval"):
        kind = f"{mine.type}{' in ' + mine.unit if mine.unit else ''}"
        detail = f"expected an attribute of the type {kind}, compared in a way that it has"
        raise ProblemError("wrong_attribute", detail, f"{at}/attribute")
    words = f"{item}.{mine.name} {_SIGNS[found[0]]} {other_item}.{other.name}"
    return Across(pointer, words, item, mine, found[0], other_item, other)


def _side(fields: dict[str, Any], items: Mapping[str, Item], pointer: str) -> tuple[str, Attribute]:
    name = _named(fields["of"], items, f"{pointer}/of")
    return name, items[name].category.attribute(fields["attribute"], f"{pointer}/attribute")


def _together(data: Any, items: Mapping[str, Item], pointer: str) -> Together:
    fields = read_object(data, pointer, ("items", "add"), ("when",))
    listed = enumerate(read_list(fields["items"], f"{pointer}/items"))
    names = tuple(_named(name, items, f"{pointer}/items/{n}") for n, name in listed)
    if len(set(names)) != len(names) or len(names) < 2:
        raise ProblemError("items_out_of_bounds", "expected at least two different items", f"{pointer}/items")
    when = _across_list(fields.get("when", []), items, f"{pointer}/when")
    for n, condition in enumerate(when):
        if not {condition.item, condition.other_item} <= set(names):
            raise ProblemError("unknown_item", f"expected items among {', '.join(names)}", f"{pointer}/when/{n}/of")
    return Together(pointer, names, read_amount(fields["add"], f"{pointer}/add"), when)
