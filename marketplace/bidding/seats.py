"""What a group's books are made of: locked markets, seats and stored bids."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

Place = tuple[int, int]  # market, agent


@dataclass(slots=True)
class MarketRow:
    """A locked market."""

    ref: str
    state: str
    closes_at: datetime
    last_bid: int


class Seat(msgspec.Struct):
    """An agent's participation in a market: its limit, its stream and its standing bid."""

    participation_id: int
    ref: str
    state: str
    limit_minor: int
    stream_id: int
    standing_id: int | None
    standing_ref: str | None
    head: int = 0  # of its stream, where the store has it locked
    used: bool = False  # this group has changed its standing bid


class Stored(msgspec.Struct, frozen=True):
    """A bid that is in the books."""

    ref: str
    receipt: str
    at: datetime
    participation_ref: str
    body_hash: str
