"""Musts that no lot can meet together: the pair of conditions that contradict each other is named."""

from __future__ import annotations

from itertools import combinations

from mechanisms.errors import ProblemError
from mechanisms.preferences.conditions import Condition, Leaf, leaves_that_must_hold


def refuse_contradictions(must: tuple[Condition, ...]) -> None:
    """Raise `contradictory_must`, pointing at the second of a pair that excludes the first."""
    leaves = list(leaves_that_must_hold(must))
    for one, other in combinations(leaves, 2):
        fixed = one.attribute.name == other.attribute.name and not (one.may_be_missing or other.may_be_missing)
        if fixed and not _together(one, other):
            _refuse(one, other)
    for leaf in leaves:
        if leaf.members is not None and not leaf.negated and not leaf.may_be_missing:
            _try_members(leaf, [other for other in leaves if other.attribute.name == leaf.attribute.name])


def _refuse(one: Leaf, other: Leaf) -> None:
    detail = f"no lot can meet both: {one.words} ({one.pointer}), and {other.words} ({other.pointer})"
    raise ProblemError("contradictory_must", detail, other.pointer)


def _try_members(leaf: Leaf, others: list[Leaf]) -> None:
    """Of a list of values one must pass all other conditions on the attribute, not only each of them."""
    left = leaf.members or frozenset()
    for other in others:
        left = frozenset(value for value in left if passes(other, value))
        if not left:
            _refuse(leaf, other)


def passes(leaf: Leaf, value: object) -> bool:
    """Whether a value that is there meets the comparison; busy times are not judged here."""
    if leaf.members is not None:
        holds = value in leaf.members
    elif leaf.span is not None and isinstance(value, int):
        low, high = leaf.span
        holds = (low is None or low <= value) and (high is None or value <= high)
    elif leaf.mask is not None and isinstance(value, int):
        holds = (value & leaf.mask == leaf.mask) if leaf.every else bool(value & leaf.mask)
    else:
        return True
    return holds != leaf.negated


def _together(one: Leaf, other: Leaf) -> bool:
    """Whether some value meets both; True where that is not plain to see."""
    for leaf, second in ((one, other), (other, one)):
        if leaf.members is not None and not leaf.negated:
            return any(passes(second, value) for value in leaf.members)
    if one.attribute.values and one.mask is None and other.mask is None:
        return any(passes(one, value) and passes(other, value) for value in range(len(one.attribute.values)))
    if one.attribute.type == "boolean":
        return any(passes(one, value) and passes(other, value) for value in (0, 1))
    if one.mask is not None and other.mask is not None:
        return _sets_together(one, other)
    if one.span is not None and other.span is not None:
        return _spans_together(one, other)
    return True


def _spans_together(one: Leaf, other: Leaf) -> bool:
    """Ranges meet where an end of one lies in the other; their edges and the places beside them are all to try."""
    edges = [edge for leaf in (one, other) for edge in leaf.span or () if edge is not None]
    tries = {edge + step for edge in edges for step in (-1, 0, 1)}
    if one.attribute.type == "time":
        tries = {value for value in tries | {0, 86_399} if 0 <= value < 86_400}
    return any(passes(one, value) and passes(other, value) for value in tries)


def _sets_together(one: Leaf, other: Leaf) -> bool:
    """Whether some set holds what is asked for and nothing that is forbidden."""
    asked = forbidden = 0
    for leaf in (one, other):
        mask = leaf.mask or 0
        if not leaf.negated and (leaf.every or mask.bit_count() == 1):
            asked |= mask
        elif leaf.negated and (not leaf.every or mask.bit_count() == 1):
            forbidden |= mask
    if asked & forbidden:
        return False
    return all(
        bool(mask & ~forbidden) if not leaf.negated else not leaf.every or bool(mask & ~asked)
        for leaf, mask in ((one, one.mask or 0), (other, other.mask or 0))
    )
