"""What a group's books are made of: locked markets, seats and stored bids."""

from dataclasses import dataclass
from datetime import datetime

Place = tuple[int, int]  # market, agent


@dataclass(slots=True)
class MarketRow:
    """A locked market."""

    ref: str
    state: str
    closes_at: datetime
    last_bid: int


@dataclass(slots=True)
class Seat:
    """An agent's participation in a market: its limit, its stream and its standing bid."""

    participation_id: int
    ref: str
    state: str
    limit_minor: int
    stream_id: int
    standing_id: int | None
    standing_ref: str | None
    used: bool = False  # this group has changed its standing bid


@dataclass(frozen=True, slots=True)
class Stored:
    """A bid that is in the books."""

    ref: str
    receipt: str
    at: datetime
    participation_ref: str
    body_hash: str
