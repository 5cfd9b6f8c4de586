"""What a lot is worth: a base, and terms (sums, rates, curves, tables), each perhaps only `when` something holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Literal

from msgspec import Struct

from mechanisms.decimals import LARGEST
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_int, read_list, read_object
from mechanisms.preferences import units
from mechanisms.preferences.attributes import ORDERED, Attribute
from mechanisms.preferences.conditions import Condition, Reader, value_reader
from mechanisms.preferences.limits import MAX_MEMBERS, MAX_POINTS, MAX_TERMS

Count = Literal["proportional", "complete", "started"]
FORMS = ("add", "points", "table")
_BOOLEAN_KEYS = {"false": 0, "true": 1}


class Rate(Struct, frozen=True):
    """`add` units for each `per` of the attribute beyond `low` (up to `high`), which count its whole numbers."""

    add: int
    per: int
    low: int
    high: int | None
    count: Count

    def at(self, x: int) -> int:
        """Rounded down to a whole unit: no more than what was said is ever stated."""
        beyond = max(0, (x if self.high is None else min(x, self.high)) - self.low)
        if self.count == "proportional":
            return self.add * beyond // self.per
        return self.add * (beyond // self.per if self.count == "complete" else -(-beyond // self.per))

    def most(self) -> int:
        """No value of the attribute is worth more."""
        return 0 if self.add <= 0 else LARGEST if self.high is None else self.at(self.high)


class Curve(Struct, frozen=True):
    """Straight lines between points, level beyond the first and the last."""

    xs: tuple[int, ...]
    ys: tuple[int, ...]

    def at(self, x: int) -> int:
        """Rounded down to a whole unit."""
        place = bisect_right(self.xs, x)
        if place in (0, len(self.xs)):
            return self.ys[max(0, place - 1)]
        (x0, x1), (y0, y1) = self.xs[place - 1 : place + 1], self.ys[place - 1 : place + 1]
        return y0 + (y1 - y0) * (x - x0) // (x1 - x0)

    def most(self) -> int:
        """No value of the attribute is worth more."""
        return max(self.ys)


class Choice(Struct, frozen=True):
    """Units by value (null: not at any price), `otherwise` for the rest; of a set the sum over its members."""

    units: dict[Any, int | None]
    otherwise: int | None

    def most(self) -> int:
        """No value of the attribute is worth more, of a set no members together."""
        return sum(max(0, units or 0) for units in self.units.values()) + MAX_MEMBERS * max(0, self.otherwise or 0)


class Term(Struct, frozen=True):
    """A part of the worth; `flat` where no attribute decides. A lot that lacks the attribute is out, unless it may."""

    pointer: str
    words: str
    when: tuple[Condition, ...]
    attribute: Attribute | None = None
    flat: int = 0
    shape: Rate | Curve | Choice | None = None
    may_be_missing: bool = False

    def most(self) -> int:
        """What it adds at most."""
        if self.shape is None:
            return max(0, self.flat)
        if isinstance(self.shape, Choice) and self.attribute is not None and self.attribute.type != "set":
            return max(0, self.shape.otherwise or 0, *(units or 0 for units in self.shape.units.values()))
        return max(0, self.shape.most())


class Worth(Struct, frozen=True):
    """`base` and terms, in the preference's units."""

    base: int
    terms: tuple[Term, ...]

    def most(self) -> int:
        """An upper bound of what any lot is worth."""
        return self.base + sum(term.most() for term in self.terms)


def read_worth(data: Any, pointer: str, reader: Reader) -> Worth:
    """`{"base": n, "terms": [...]}`, or a whole number for a base alone."""
    if isinstance(data, int) and not isinstance(data, bool):
        return Worth(read_amount(data, pointer), ())
    fields = read_object(data, pointer, (), ("base", "terms"))
    listed = read_list(fields.get("terms", []), f"{pointer}/terms")
    if len(listed) > MAX_TERMS:
        raise ProblemError("too_many_terms", f"expected at most {MAX_TERMS} terms", f"{pointer}/terms")
    terms = tuple(_term(item, f"{pointer}/terms/{n}", reader) for n, item in enumerate(listed))
    return Worth(read_amount(fields.get("base", 0), f"{pointer}/base"), terms)


def read_amount(data: Any, pointer: str, low: int = -LARGEST) -> int:
    """Money in whole units of the preference's currency."""
    return read_int(data, pointer, low, LARGEST)


def _term(data: Any, pointer: str, reader: Reader) -> Term:
    optional = ("attribute", "when", "may_be_missing", "unit", "per", "from", "to", "count", "otherwise", *FORMS)
    fields = read_object(data, pointer, (), optional)
    forms = [name for name in FORMS if name in fields]
    if len(forms) != 1:
        detail = f"expected exactly one of {', '.join(FORMS)}"
        raise ProblemError("one_form", detail, pointer)
    when = reader.conjunction(fields["when"], f"{pointer}/when") if "when" in fields else ()
    missing = fields.get("may_be_missing", False)
    if not isinstance(missing, bool):
        raise ProblemError("not_a_boolean", "expected true or false", f"{pointer}/may_be_missing")
    if "attribute" not in fields:
        _only(fields, pointer, "add", "when")
        return Term(pointer, "", when, flat=read_amount(fields.get("add"), f"{pointer}/add"))
    attribute = reader.category.attribute(fields["attribute"], f"{pointer}/attribute")
    make: dict[str, Callable[..., Rate | Curve | Choice]] = {"add": _rate, "points": _curve, "table": _choice}
    shape = make[forms[0]](fields, pointer, attribute)
    return Term(pointer, attribute.name, when, attribute=attribute, shape=shape, may_be_missing=missing)


def _only(fields: dict[str, Any], pointer: str, *names: str) -> None:
    for name in fields:
        if name not in names:
            detail = f"expected only {', '.join(names)} here"
            raise ProblemError("unknown_field", detail, f"{pointer}/{escape(name)}")
    if names[0] not in fields:
        raise ProblemError("missing_field", f"expected the field {names[0]!r}", f"{pointer}/{names[0]}")


def _ordered(attribute: Attribute, pointer: str) -> None:
    if attribute.type not in ORDERED:
        detail = f"{attribute.name} is of the type {attribute.type}: expected a number, an instant, a time or a date"
        raise ProblemError("wrong_attribute", detail, f"{pointer}/attribute")


def _rate(fields: dict[str, Any], pointer: str, attribute: Attribute) -> Rate:
    """ "Ten less for each half hour over two hours": add -10, per 30, unit min, from 120."""
    _only(fields, pointer, "add", "attribute", "per", "unit", "from", "to", "count", "when", "may_be_missing")
    _ordered(attribute, pointer)
    for name in ("per", "from"):
        if name not in fields:
            raise ProblemError("missing_field", f"expected the field {name!r}", f"{pointer}/{name}")
    unit = fields.get("unit", attribute.measured_in if attribute.type == "number" else None)
    read = value_reader(attribute, unit if attribute.type == "number" else None, pointer)
    times = units.ratio(unit if isinstance(unit, str | None) else "?", attribute.measured_in, f"{pointer}/unit")
    per = units.read_scaled(fields["per"], f"{pointer}/per", attribute.places, times)
    if per <= 0:
        raise ProblemError("out_of_range", "expected a number above 0", f"{pointer}/per")
    low = read(fields["from"], f"{pointer}/from")
    high = None if fields.get("to") is None else read(fields["to"], f"{pointer}/to")
    if high is not None and high < low:
        raise ProblemError("empty_range", "expected an end that is not before `from`", f"{pointer}/to")
    count = fields.get("count", "proportional")
    if count not in ("proportional", "complete", "started"):
        raise ProblemError("unknown_value", "expected proportional, complete or started", f"{pointer}/count")
    return Rate(read_amount(fields["add"], f"{pointer}/add"), per, low, high, count)


def _curve(fields: dict[str, Any], pointer: str, attribute: Attribute) -> Curve:
    _only(fields, pointer, "points", "attribute", "unit", "when", "may_be_missing")
    _ordered(attribute, pointer)
    read, at = value_reader(attribute, fields.get("unit"), pointer), f"{pointer}/points"
    listed = read_list(fields["points"], at)
    if not 2 <= len(listed) <= MAX_POINTS or any(not isinstance(one, list | tuple) or len(one) != 2 for one in listed):
        raise ProblemError("not_a_curve", f"expected 2 to {MAX_POINTS} points, each [value, units]", at)
    xs = tuple(read(one[0], f"{at}/{n}/0") for n, one in enumerate(listed))
    ys = tuple(read_amount(one[1], f"{at}/{n}/1") for n, one in enumerate(listed))
    for n, (before, after) in enumerate(pairwise(xs)):
        if after <= before:
            raise ProblemError("not_a_curve", "expected values that rise from point to point", f"{at}/{n + 1}/0")
    return Curve(xs, ys)


def _choice(fields: dict[str, Any], pointer: str, attribute: Attribute) -> Choice:
    _only(fields, pointer, "table", "attribute", "otherwise", "when", "may_be_missing")
    at, table = f"{pointer}/table", fields["table"]
    if attribute.type not in ("enum", "set", "boolean", "text"):
        detail = f"{attribute.name} is of the type {attribute.type}: expected an enum, a set, a boolean or text"
        raise ProblemError("wrong_attribute", detail, f"{pointer}/attribute")
    if not isinstance(table, dict) or not 1 <= len(table) <= MAX_MEMBERS:
        raise ProblemError("not_an_object", f"expected an object of 1 to {MAX_MEMBERS} values and their units", at)
    found: dict[Any, int | None] = {}
    for key, amount in table.items():
        here = f"{at}/{escape(key)}"
        value = _BOOLEAN_KEYS.get(key) if attribute.type == "boolean" else attribute.read(key, here)
        if value is None:
            raise ProblemError("unknown_value", "expected the keys true and false", here)
        found[value] = None if amount is None else read_amount(amount, here)
    otherwise = fields.get("otherwise", 0)
    return Choice(found, None if otherwise is None else read_amount(otherwise, f"{pointer}/otherwise"))
