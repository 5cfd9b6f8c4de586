"""A few markets that have cleared, of every disclosure and in currencies of 0, 2 and 3 decimals."""

from collections.abc import Callable
from typing import Any

from marketplace.markets.models import Market
from tests.factories import Trader, buy, close_now, open_a_market

TITLE = "=cmd|' /C calc'!A0 – Zürich 東京 🚆"


def market(traders: list[Trader], values: tuple[int, ...], **stated: Any) -> Market:
    """A market whose time is over, with one bid of each trader."""
    made = open_a_market(**stated)
    for trader, value in zip(traders, values, strict=True):
        trader.join(made, 10_000_00)
        trader.bid(made, buy("room", value))
    close_now(made)
    return made


class World:
    """`public`, `named`, `own` and `empty` markets, and one that is open with a sealed bid in it."""

    def __init__(self, swept: Callable[[], int]) -> None:
        self.traders = [Trader() for _ in range(3)]
        self.operator = Trader(scope="operate")
        yen = {"disclosure": "public", "title": TITLE, "currency": "JPY", "exponent": 0}
        self.public = market(self.traders, (9000, 7000, 5000), **yen)
        self.named = market(self.traders, (4000, 8000, 6000), currency="KWD", exponent=3)
        self.own = market(self.traders, (4100, 8100, 6100), disclosure="own_only")
        self.empty = market([], (), disclosure="public")
        Market.objects.filter(pk=self.own.pk).update(operator=self.operator.agent)
        self.open = open_a_market(disclosure="public")
        self.traders[0].join(self.open)
        self.traders[0].bid(self.open, buy("room", 1234))
        swept()
