"""What follows from what among rules: implication, contradiction, and whether one mandate is within another.

All of it is decided over the typed JSON, dimension by dimension, and held against Cedar's decisions by tests.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from marketplace.core.money import minor_text
from marketplace.mandates.documents import ANYONE, DAYS, SETS, SINGLE, Condition, Document, Hours, Rule, SetTest, utc

WEEK = 7 * 1440


def implies(one: Condition, other: Condition) -> bool:
    """Whether every act that meets `one` meets `other`; exact, since a condition is a product of its tests."""
    if not satisfiable(one):
        return True
    if other.currency is not None and one.currency != other.currency:
        return False
    if other.new_counterparty is not None and one.new_counterparty != other.new_counterparty:
        return False
    sets = all(_set_implies(name, getattr(one, name), getattr(other, name)) for name in SETS)
    return sets and _amount_implies(one, other) and _minutes(one.hours) & ~_minutes(other.hours) == 0


def satisfiable(when: Condition) -> bool:
    """Whether any act can meet the condition."""
    return compatible(when, Condition())


def compatible(one: Condition, other: Condition) -> bool:
    """Whether some act can meet both."""
    low, high = _least(one, other), _most(one, other)
    if None not in (one.currency, other.currency) and one.currency != other.currency:
        return False
    if None not in (one.new_counterparty, other.new_counterparty) and one.new_counterparty != other.new_counterparty:
        return False
    sets = all(_sets_meet(name, getattr(one, name), getattr(other, name)) for name in SETS)
    return sets and low < high and _minutes(one.hours) & _minutes(other.hours) != 0


def contradictions(document: Document) -> list[str]:
    """What a mandate says against itself, each by the names of the rules; empty where it holds together."""
    return [*_ceilings_apart(document), *_dead_rules(document), *_shadowed(document), *_outside(document)]


def widenings(child: Document, parent: Document) -> list[str]:
    """In which dimensions a mandate goes beyond another; empty where it is narrower in every one."""
    found = (_wider_ceilings, _wider_lists, _wider_time, _wider_telling, _wider_rules)
    return [dimension for wider in found for dimension in wider(child, parent)]


def _least(*conditions: Condition) -> int:
    return max(-1 if when.over_minor is None else when.over_minor for when in conditions)


def _most(*conditions: Condition) -> float:
    return min(float("inf") if when.up_to_minor is None else when.up_to_minor for when in conditions)


def _amount_implies(one: Condition, other: Condition) -> bool:
    return _least(one) >= _least(other) and _most(one) <= _most(other)


def _spoken(name: str, test: SetTest) -> tuple[str, frozenset[str]]:
    """Of a fact that each act has one of, `any` and `all` say the same."""
    operator = "all" if name in SINGLE and test.operator == "any" else test.operator
    return operator, test.names


def _set_implies(name: str, one: SetTest | None, other: SetTest | None) -> bool:
    if other is None or one is None:
        return other is None
    (how, names), (wanted, listed) = _spoken(name, one), _spoken(name, other)
    if how == "other_than":
        return wanted == "other_than" and listed <= names
    if wanted == "other_than":
        return names.isdisjoint(listed)
    return names <= listed and (how == "all" or wanted == "any")


def _sets_meet(name: str, one: SetTest | None, other: SetTest | None) -> bool:
    if one is None or other is None:
        return True
    (how, names), (second, listed) = sorted((_spoken(name, one), _spoken(name, other)))  # all, any, other_than
    if how != "all":
        return True
    return not names <= listed if second == "other_than" else not names.isdisjoint(listed)


@lru_cache(maxsize=1024)
def _minutes(windows: tuple[Hours, ...] | None) -> int:
    """The minutes of a week as the bits of one number."""
    if windows is None:
        return (1 << WEEK) - 1
    bits = 0
    for window in windows:
        since, until = window.minutes
        parts = [(since, until)] if since < until else [(since, 1440), (0, until)]
        for day in window.days:
            for start, end in parts:
                bits |= ((1 << (end - start)) - 1) << (DAYS.index(day) * 1440 + start)
    return bits


def _named(kind: str, index: int, rule: Any) -> str:
    words = getattr(rule, "name", "") or getattr(rule, "purse", "")
    return f"{kind}:{index}" + (f" ({words})" if words else "")


def _each(document: Document, *kinds: str) -> Iterator[tuple[str, Rule]]:
    for kind in kinds:
        for index, rule in enumerate(getattr(document, kind) or ()):
            yield _named(kind, index, rule), rule


def _ceilings_apart(document: Document) -> Iterator[str]:
    for currency, ceiling in sorted((document.ceilings or {}).items()):
        for name in ("day_minor", "standing_minor", "total_minor"):
            bound, deal = getattr(ceiling, name), ceiling.deal_minor
            if bound is not None and deal is not None and bound < deal:
                words = minor_text(bound, currency), minor_text(deal, currency)
                yield f"ceilings/{currency}: {name} is {words[0]}, but one deal may cost {words[1]}"
    if None not in (document.not_before, document.expires_at) and document.not_before >= document.expires_at:  # type: ignore[operator]
        yield "not_before is not before expires_at"


def _dead_rules(document: Document) -> Iterator[str]:
    for name, rule in _each(document, "alone", "ask", "never", "purses"):
        if not satisfiable(rule.when):
            yield f"{name} can never apply"


def _shadowed(document: Document) -> Iterator[str]:
    for stronger, weaker in (("never", "ask"), ("never", "alone"), ("ask", "alone")):
        for first, rule in _each(document, weaker):
            for second, shadow in _each(document, stronger):
                if satisfiable(rule.when) and implies(rule.when, shadow.when):
                    yield f"{first} says {weaker}, but {second} says {stronger} to all of it"


def _outside(document: Document) -> Iterator[str]:
    """Permissions that the mandate's own lists leave nothing of."""
    listed = Condition(
        categories=_as_test(document.categories),
        counterparties=_as_test(document.counterparties),
        mechanisms=_as_test(document.mechanisms),
        hours=document.hours,
    )
    for name, rule in _each(document, "alone", "purses"):
        if satisfiable(rule.when) and not compatible(rule.when, listed):
            yield f"{name} is outside of what the mandate lists"


def _as_test(names: tuple[str, ...] | None) -> SetTest | None:
    return SetTest(all=names) if names else None


def _wider_ceilings(child: Document, parent: Document) -> Iterator[str]:
    if parent.ceilings is None:
        return
    if child.ceilings is None:
        yield "ceilings"
        return
    for currency, ceiling in sorted(child.ceilings.items()):
        above = parent.ceilings.get(currency)
        if above is None:
            yield f"ceilings/{currency}"
            continue
        for name, bound in msgspec.structs.asdict(above).items():
            own = getattr(ceiling, name)
            if bound is not None and (own is None or own > bound):
                yield f"ceilings/{currency}/{name}"


def _wider_lists(child: Document, parent: Document) -> Iterator[str]:
    for name in ("categories", "counterparties", "mechanisms"):
        own, above = getattr(child, name), getattr(parent, name)
        if above is not None and (own is None or not set(own) <= set(above)):
            yield name


def _wider_time(child: Document, parent: Document) -> Iterator[str]:
    if _minutes(child.hours) & ~_minutes(parent.hours):
        yield "hours"
    if parent.expires_at and not (child.expires_at and utc(child.expires_at) <= utc(parent.expires_at)):
        yield "expires_at"
    if parent.not_before and not (child.not_before and utc(child.not_before) >= utc(parent.not_before)):
        yield "not_before"


def _wider_telling(child: Document, parent: Document) -> Iterator[str]:
    for field, receivers in sorted(child.may_tell.items()):
        above = parent.may_tell.get(field, ())
        if receivers and ANYONE not in above and not set(receivers) <= set(above):
            yield f"may_tell/{field}"


def _wider_rules(child: Document, parent: Document) -> Iterator[str]:
    for kind, stricter in (("never", ("never",)), ("ask", ("ask", "never"))):
        for name, rule in _each(parent, kind):
            if not any(implies(rule.when, own.when) for _, own in _each(child, *stricter)):
                yield name
    if parent.alone is None:
        return
    if child.alone is None:
        yield "alone"
    for name, rule in _each(child, "alone"):
        if not any(implies(rule.when, above.when) for above in parent.alone):
            yield name
