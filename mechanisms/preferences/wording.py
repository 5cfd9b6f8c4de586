"""A preference in words, as its person reads it: what must hold, what it is worth, what goes together, limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mechanisms.preferences.attributes import Attribute
from mechanisms.preferences.reading import Preference
from mechanisms.preferences.telling import Money, money_of
from mechanisms.preferences.wants import Item, Want
from mechanisms.preferences.worths import Choice, Curve, Rate, Term

MOST_NAMED = 8  # values of a table, points of a curve


def in_sentences(preference: Preference) -> dict[str, Any]:
    """`items` (name, category, must, worth), `together` and `limits`, each a list of sentences."""
    money = money_of(preference.currency, preference.exponent)
    items = [_item(item, money) for item in preference.items.values()]
    return {
        "items": items,
        "together": list(_together(preference.want, money)),
        "limits": list(_limits(preference, money)),
    }


def _item(item: Item, money: Money) -> dict[str, Any]:
    worth = [f"worth {money(item.worth.base)}"] if item.worth.base or not item.worth.terms else []
    worth += [_term(term, money) for term in item.worth.terms]
    if item.at_most > 1:
        worth.append(f"at most {item.at_most} of them")
        worth += [f"each further one adds {_signed(units, money)}" for units in item.further[:MOST_NAMED] if units]
    return {
        "name": item.name,
        "category": item.category.name,
        "title": item.category.title,
        "must": [condition.words for condition in item.must],
        "worth": worth,
    }


def _signed(units: int, money: Money) -> str:
    return f"{money(abs(units))} {'more' if units >= 0 else 'less'}"


def _term(term: Term, money: Money) -> str:
    said = _shape(term, money)
    return f"{said}, when {' and '.join(one.words for one in term.when)}" if term.when else said


def _shape(term: Term, money: Money) -> str:
    attribute, shape = term.attribute, term.shape
    if attribute is None or shape is None:
        return _signed(term.flat, money)
    if isinstance(shape, Rate):
        return _rate(attribute, shape, money)
    if isinstance(shape, Curve):
        points = list(zip(shape.xs, shape.ys, strict=True))[:MOST_NAMED]
        told = ", ".join(f"{_signed(units, money)} at {attribute.written(x)}" for x, units in points)
        return f"by {attribute.name}: {told}"
    return f"by {attribute.name}: {', '.join(_choices(attribute, shape, money))}"


def _rate(attribute: Attribute, rate: Rate, money: Money) -> str:
    step = attribute.written(rate.per) if attribute.type == "number" else "step"
    started = {"started": " begun", "complete": " in full", "proportional": ""}[rate.count]
    until = "" if rate.high is None else f", up to {attribute.written(rate.high)}"
    beyond = f"over {attribute.written(rate.low)}{until}"
    return f"{_signed(rate.add, money)} for each {step}{started} of {attribute.name} {beyond}"


def _choices(attribute: Attribute, choice: Choice, money: Money) -> Iterator[str]:
    for value, units in list(choice.units.items())[:MOST_NAMED]:
        name = attribute.values[value] if attribute.type == "set" else attribute.written(value)
        yield f"{name} not at any price" if units is None else f"{name} {_signed(units, money)}"
    if choice.otherwise is None:
        yield "nothing else at any price"
    elif choice.otherwise:
        yield f"else {_signed(choice.otherwise, money)}"


def _together(want: Want, money: Money) -> Iterator[str]:
    if want.required:
        yield f"never without {' and '.join(want.required)}"
    yield from (across.words for across in want.across)
    for one in want.together:
        when = f", when {' and '.join(across.words for across in one.when)}" if one.when else ""
        yield f"{' and '.join(one.items)} together: {_signed(one.add, money)}{when}"


def _limits(preference: Preference, money: Money) -> Iterator[str]:
    if len(preference.items) > 1:
        yield f"at most {preference.want.at_most} in all"
    if preference.budget is not None:
        yield f"never more than {money(preference.budget)} in all"
    if preference.reservation:
        yield f"only if it is worth more than {money(preference.reservation)}, which doing without is worth"
