"""The ladder of limits: in sealed markets a hold is a public step, for a hold the size of the bid would publish it."""

from bisect import bisect_left, bisect_right

from marketplace.core.limits import MAX_CHARGE_MINOR

DECADE = (10, 15, 20, 30, 50, 75)  # times a power of ten; a step is a third to two thirds above the one before
RUNGS = (0, *(step * 10**power for power in range(7) for step in DECADE), MAX_CHARGE_MINOR)


def on_ladder(amount_minor: int) -> bool:
    """Whether a limit may be this."""
    return rung_above(amount_minor) == amount_minor


def rung_above(amount_minor: int) -> int:
    """The least step that covers the amount; the highest one where none does."""
    return RUNGS[min(bisect_left(RUNGS, amount_minor), len(RUNGS) - 1)]


def rung_below(amount_minor: int) -> int:
    """The highest step that the amount covers."""
    return RUNGS[bisect_right(RUNGS, amount_minor) - 1]
