"""What the demo plays: real input, in the shape of bids."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marketplace.demo.first_come import ORDERS, mean_first_come_welfare
from marketplace.demo.travellers import survey, upgrade_orders
from marketplace.demo.trip import HOTEL, PEOPLE, trip_market, trip_problem, wish
from mechanisms.readers import read_omie

OMIE = Path(__file__).parent / "data" / "omie-2009-01-02-hour1" / "OfferAndDemandCurve_1_20090102.TXT"


@dataclass(frozen=True)
class Scene:
    """A market to open, and who bids what in it; `seller` offers the lots that name none, where the rule is one-sided.

    Bids may hold a preference, which is then stored, previewed and bid by its id. `said`: what a shown agent's person
    said, in words. `compared`: from the welfare reached, a last line.
    """

    title: str
    story: str
    market: dict[str, Any]
    bids: list[dict[str, Any]]
    unit: str
    seller: str | None = None
    shown: tuple[str, ...] = field(default=())  # whose explanation is printed
    receivers: str = ""
    said: dict[str, str] = field(default_factory=dict)
    compared: Callable[[int], str] | None = None


def upgrade() -> Scene:
    """235 travellers and a railway: a better seat on the same train."""
    people = len(survey().travellers)
    return Scene(
        title="Upgrade: a better seat on the same train",
        story=(
            f"{people} travellers of a real survey bid what a class of comfort is worth to each;"
            " a railway offers 60 better seats."
        ),
        market={
            "mechanism": "double_auction",
            "currency": "EUR",
            "exponent": 2,
            "disclosure": "pseudonymous",
            "lots": [{"id": "seat", "title": "One class better, one journey"}],
        },
        bids=upgrade_orders(),
        unit="seats",
    )


def last_room() -> Scene:
    """Five guests, one room, and a tie for it."""
    worth = {"ada": 14200, "ben": 15500, "cleo": 15500, "dan": 9900, "eve": 12000}
    bids = [{"agent": name, "atoms": [{"bundle": {"room": 1}, "value": value}]} for name, value in worth.items()]
    return Scene(
        title="The last room in town",
        story="Five guests want one hotel room; two of them bid the same, and the market's seed decides between them.",
        market={
            "mechanism": "second_price",
            "currency": "EUR",
            "exponent": 2,
            "disclosure": "pseudonymous",
            "lots": [{"id": "room", "title": "Double room, one night", "reserve": 8000}],
        },
        bids=bids,
        unit="room",
        seller="hotel",
        shown=("ben", "cleo", "eve"),
    )


def electricity() -> Scene:
    """The Iberian day-ahead market of 2 January 2009, hour 1."""
    problem = read_omie(OMIE)
    lot = {"id": problem["lots"][0]["id"], "title": "0.1 MWh, delivered in hour 1 of 2 January 2009"}
    return Scene(
        title="Electricity: the Iberian day-ahead market",
        story=f"{len(problem['bids'])} real orders to buy and sell electricity, as they stood in the operator's book.",
        market={
            "mechanism": "double_auction",
            "params": problem.get("params", {}),
            "currency": problem["currency"],
            "exponent": problem["exponent"],
            "disclosure": "pseudonymous",
            "lots": [lot],
        },
        bids=problem["bids"],
        unit="x 0.1 MWh",
    )


def trip() -> Scene:
    """Thirty flights, three rooms, and ten people who have said what they want."""
    return Scene(
        title="A trip: thirty flights, of which six will do",
        story=(
            f"{len(PEOPLE)} people want to fly from Berlin to Lisbon: nonstop, before noon, an aisle seat; a hotel for"
            f" the same nights is worth more to {len(HOTEL)} of them."
        ),
        market=trip_market(),
        bids=[{"agent": name, "preference": wish(name)} for name in PEOPLE],
        unit="lots",
        receivers="the airlines and the hotel receive it",
        shown=("ada", "hana", "cleo"),
        said={
            "ada": "As long as the flight is nonstop and leaves in the morning, and I have an aisle seat:"
            " up to 420, ten less for each half hour longer.",
            "hana": "The same, up to 330, eight less for each hour after six; and a hotel for these nights.",
            "cleo": "The same as ada, up to 265, five less for each half hour longer.",
        },
        compared=_first_come,
    )


def _first_come(welfare: int) -> str:
    share = mean_first_come_welfare(trip_problem()) / welfare
    words = f"Served first come, first served, the same people would have had {share:.0%} of this welfare"
    return f"{words} (mean of {ORDERS:,} orders)."


SCENES: dict[str, Callable[[], list[Scene]]] = {
    "trip": lambda: [trip()],
    "upgrade": lambda: [upgrade(), last_room()],
    "last_room": lambda: [last_room()],
    "electricity": lambda: [electricity()],
}
