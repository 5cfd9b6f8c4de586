"""Axes: from quantities and amounts of money to places in a picture, and the ticks between."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.core.money import amount_text, minor_exponent

GRID = 10_000  # a picture's width and height in its own units: whole numbers finer than any screen
TICKS = 5
FAR, FAR_SHOWN = 8, 5  # what lies past 8 times the outcome is cut at 5 times


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its words and its place in per cent."""

    label: str
    at: str


@dataclass(frozen=True)
class Scale:
    """One axis: `low` lies at 0 and `high` at GRID; what lies beyond is drawn at the edge."""

    low: int
    high: int

    def at(self, value: int) -> int:
        """The place of a value, 0 to GRID, rounded exactly."""
        span = self.high - self.low
        place = (2 * GRID * (value - self.low) + span) // (2 * span)
        return max(0, min(GRID, place))

    def holds(self, value: int) -> bool:
        """Whether the value lies on the axis."""
        return self.low <= value <= self.high

    def round_values(self) -> list[int]:
        """A few round numbers along the axis."""
        step = _round_step(self.high - self.low)
        first = -(-self.low // step) * step
        return list(range(first, self.high + 1, step))


def percent(place: int) -> str:
    """A place as the percentage that SVG understands."""
    return f"{place / (GRID // 100):g}%"


def quantity_scale(totals: Sequence[int], traded: int) -> Scale:
    """From 0 to all that was wanted or offered, unless the trade would be a speck in that."""
    return Scale(0, _with_air(_in_view(max(totals, default=1), traded), 25))


def price_scale(prices: Sequence[int], price: int | None) -> Scale:
    """From 0, or from near the lowest where all prices are close, to the highest unless it dwarfs the others."""
    low, high = min(prices), _in_view(max(prices), price or 0)
    if 5 * low <= 3 * high:
        return Scale(min(0, low), _with_air(high, 12))
    air = max(1, (high - low) // 2)
    return Scale(max(0, low - air), high + max(1, (high - low) // 6))


def money_ticks(scale: Scale, exponent: int, currency: str) -> list[Tick]:
    """Round amounts up the price axis (0 % is the top), with no more decimals than they need."""
    values = scale.round_values()
    drop = _idle_decimals(values, exponent, currency)
    words = [amount_text(value // 10**drop, exponent - drop, "").strip() for value in values]
    return [Tick(word, percent(GRID - scale.at(value))) for word, value in zip(words, values, strict=True)]


def quantity_ticks(scale: Scale) -> list[Tick]:
    """Round quantities along the axis, thousands as k and millions as M."""
    values = scale.round_values()
    size, letter = next(
        (size, letter)
        for size, letter in ((10**6, "M"), (10**3, "k"), (1, ""))
        if all(value % size == 0 for value in values)
    )
    return [Tick(f"{value // size:,}{letter if value else ''}", percent(scale.at(value))) for value in values]


def _idle_decimals(values: Sequence[int], exponent: int, currency: str) -> int:
    """How many decimals say nothing in any of these amounts; a currency keeps all its own or none."""
    if all(value % 10**exponent == 0 for value in values):
        return exponent
    drop = 0
    while exponent - drop > minor_exponent(currency) and all(value % 10 ** (drop + 1) == 0 for value in values):
        drop += 1
    return drop


def _in_view(most: int, centre: int) -> int:
    """The end of an axis on which the centre of attention must not shrink to nothing."""
    return FAR_SHOWN * centre if centre and most > FAR * centre else most


def _with_air(most: int, share: int) -> int:
    return most + max(1, most // share) if most > 4 else most + 1


def _round_step(span: int) -> int:
    """The least of 1, 2, 5, 10, 20 ... that makes at most TICKS steps."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if span <= TICKS * digit * power:
                return digit * power
        power *= 10
