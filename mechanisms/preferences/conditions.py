"""Conditions on a lot: comparisons, `all`, `any`, `not`, with negation pushed down to the comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from mechanisms.errors import ProblemError
from mechanisms.fields import read_list, read_object
from mechanisms.preferences import units
from mechanisms.preferences.attributes import ORDERED, Attribute, Category
from mechanisms.preferences.calendars import Busy, read_busy
from mechanisms.preferences.limits import MAX_CONDITIONS, MAX_DEPTH, MAX_MEMBERS

Span = tuple[int | None, int | None]
BOUNDS = {"lt": "less than", "le": "at most", "gt": "more than", "ge": "at least"}
CLOCKS = {"lt": "before", "le": "not after", "gt": "after", "ge": "not before"}
SETS = ("has", "has_any", "has_all")
OPERATORS = ("eq", "ne", *BOUNDS, "between", "in", *SETS, "clear_of")


class Leaf(Struct, frozen=True):
    """One comparison, of which exactly one of span (both ends included), members, mask and busy is set.

    A lot that lacks the attribute fails, negated or not, unless `may_be_missing`.
    """

    pointer: str
    words: str
    attribute: Attribute
    span: Span | None = None
    members: frozenset[Any] | None = None
    mask: int | None = None
    every: bool = True
    busy: Busy | None = None
    until: Attribute | None = None
    negated: bool = False
    may_be_missing: bool = False


class Group(Struct, frozen=True):
    """Conditions that must hold together (`every`), or of which one must hold."""

    pointer: str
    words: str
    every: bool
    parts: tuple[Leaf | Group, ...]


Condition = Leaf | Group


class Reader:
    """Reads conditions of one category; counts them, so that a preference stays bounded."""

    def __init__(self, category: Category) -> None:
        self.category = category
        self.left = MAX_CONDITIONS

    def conjunction(self, data: Any, pointer: str) -> tuple[Condition, ...]:
        """`must`: one condition, or a list of which all must hold."""
        if isinstance(data, list | tuple):
            return tuple(self.condition(item, f"{pointer}/{n}") for n, item in enumerate(data))
        return (self.condition(data, pointer),)

    def condition(self, data: Any, pointer: str, negated: bool = False, depth: int = 1) -> Condition:
        """One condition, negated where an odd number of `not` stands around it."""
        self.left -= 1
        if self.left < 0:
            raise ProblemError("too_many_conditions", f"expected at most {MAX_CONDITIONS} conditions", pointer)
        if depth > MAX_DEPTH:
            raise ProblemError("too_deep", f"expected conditions nested at most {MAX_DEPTH} deep", pointer)
        for word in ("all", "any", "not"):
            if isinstance(data, dict) and word in data:
                inner, at = read_object(data, pointer, (word,))[word], f"{pointer}/{word}"
                if word == "not":
                    return self.condition(inner, at, not negated, depth + 1)
                return self._group(inner, at, (word == "all") != negated, negated, depth)
        return self._leaf(data, pointer, negated)

    def _group(self, data: Any, pointer: str, every: bool, negated: bool, depth: int) -> Group:
        listed = read_list(data, pointer)
        if not listed:
            raise ProblemError("empty_list", "expected at least one condition", pointer)
        parts = [self.condition(item, f"{pointer}/{n}", negated, depth + 1) for n, item in enumerate(listed)]
        words = f" {'and' if every else 'or'} ".join(part.words for part in parts)
        return Group(pointer, f"({words})" if len(parts) > 1 else words, every, tuple(parts))

    def _leaf(self, data: Any, pointer: str, negated: bool) -> Leaf:
        fields = read_object(data, pointer, ("attribute",), ("unit", "may_be_missing", *OPERATORS))
        operators = [name for name in OPERATORS if name in fields]
        if len(operators) != 1:
            detail = f"expected exactly one of {', '.join(OPERATORS)}, or all, any, not"
            raise ProblemError("one_comparison", detail, pointer)
        missing = fields.get("may_be_missing", False)
        if not isinstance(missing, bool):
            raise ProblemError("not_a_boolean", "expected true or false", f"{pointer}/may_be_missing")
        name = operators[0]
        if name == "clear_of":
            found = self._clear(fields, pointer)
        else:
            found = _compared(
                self.category.attribute(fields["attribute"], f"{pointer}/attribute"), name, fields, pointer
            )
        words = f"not {found.pop('words')}" if negated else found.pop("words")
        if negated:
            found["negated"] = not found.get("negated", False)
        return Leaf(pointer=pointer, words=words, may_be_missing=missing, **found)

    def _clear(self, fields: dict[str, Any], pointer: str) -> dict[str, Any]:
        stated, at = fields["attribute"], f"{pointer}/attribute"
        names = [f"{stated}.start", f"{stated}.end"] if isinstance(stated, str) else read_list(stated, at)
        if isinstance(stated, str) and self.category.attribute(stated, at).type != "interval":
            raise ProblemError("wrong_attribute", "expected an interval, or a list of two instants", at)
        ends = [self.category.attribute(name, at) for name in names]
        if len(ends) != 2 or any(end.type != "instant" for end in ends):
            raise ProblemError("wrong_attribute", "expected an interval, or a list of two instants", at)
        busy = read_busy(fields["clear_of"], f"{pointer}/clear_of")
        words = f"{stated if isinstance(stated, str) else ' to '.join(names)} clear of your busy times"
        return {"attribute": ends[0], "until": ends[1], "busy": busy, "words": words}


def value_reader(attribute: Attribute, unit: Any, pointer: str) -> Callable[[Any, str], Any]:
    """How constants that are compared with the attribute are read: numbers in their own unit, where one is said."""
    if attribute.type == "number" and unit is not None:
        times = units.ratio(unit if isinstance(unit, str) else "?", attribute.unit, f"{pointer}/unit")
        return lambda data, at: units.read_scaled(data, at, attribute.places, times)
    if unit is not None:
        raise ProblemError("unit_mismatch", "expected no unit: only numbers have one", f"{pointer}/unit")
    return attribute.read


def _compared(attribute: Attribute, name: str, fields: dict[str, Any], pointer: str) -> dict[str, Any]:
    """The comparison as fields of a Leaf."""
    at, value = f"{pointer}/{name}", fields[name]
    _refuse_operator(attribute, name, pointer)
    read = value_reader(attribute, fields.get("unit"), pointer)
    said = {"attribute": attribute}
    if name in ("eq", "ne"):
        one = read(value, at)
        words = f"{attribute.name} is {'not ' if name == 'ne' else ''}{attribute.written(one)}"
        return said | {"members": frozenset([one]), "negated": name == "ne", "words": words}
    if name in BOUNDS:
        edge = read(value, at)
        spans: dict[str, Span] = {
            "lt": (None, edge - 1), "le": (None, edge), "gt": (edge + 1, None), "ge": (edge, None)
        }  # fmt: skip
        word = (BOUNDS if attribute.type == "number" else CLOCKS)[name]
        return said | {"span": spans[name], "words": f"{attribute.name} {word} {attribute.written(edge)}"}
    if name == "between":
        return said | _between(attribute, read, value, at)
    several = [value] if name == "has" else read_list(value, at)
    if not 1 <= len(several) <= MAX_MEMBERS:
        raise ProblemError("empty_list", f"expected a list of 1 to {MAX_MEMBERS} values", at)
    members = [read(item, at if name == "has" else f"{at}/{n}") for n, item in enumerate(several)]
    listed = ", ".join(attribute.written(member) for member in members)
    if name == "in":
        return said | {"members": frozenset(members), "words": f"{attribute.name} is one of {listed}"}
    mask = sum(1 << member for member in set(members))
    return said | {
        "mask": mask,
        "every": name != "has_any",
        "words": f"{attribute.name} {name.replace('_', ' ')} {listed}",
    }


def _between(attribute: Attribute, read: Callable[[Any, str], Any], value: Any, at: str) -> dict[str, Any]:
    """Both ends included; a local time may pass midnight: 22:00 to 06:00."""
    ends = read_list(value, at)
    if len(ends) != 2:
        raise ProblemError("not_a_range", "expected a list of two values: the least and the greatest", at)
    low, high = (read(end, f"{at}/{n}") for n, end in enumerate(ends))
    words = f"{attribute.name} between {attribute.written(low)} and {attribute.written(high)}"
    if low <= high:
        return {"span": (low, high), "words": words}
    if attribute.type != "time":
        raise ProblemError("empty_range", "expected the least value first", at)
    return {"span": (high + 1, low - 1), "negated": True, "words": words}


def _refuse_operator(attribute: Attribute, name: str, pointer: str) -> None:
    if attribute.type == "interval":
        fitting: tuple[str, ...] = ("clear_of",)
    elif attribute.type == "set":
        fitting = SETS
    elif attribute.type in ORDERED:
        fitting = ("eq", "ne", *BOUNDS, "between", "in")
    else:
        fitting = ("eq", "ne", "in")
    if name not in fitting:
        detail = f"{attribute.name} is of the type {attribute.type}: expected {', '.join(fitting)}"
        raise ProblemError("wrong_comparison", detail, f"{pointer}/{name}")


def leaves_that_must_hold(parts: tuple[Condition, ...]) -> Iterator[Leaf]:
    """The comparisons of a conjunction, those inside of nested `all` too."""
    for part in parts:
        if isinstance(part, Leaf):
            yield part
        elif part.every:
            yield from leaves_that_must_hold(part.parts)
