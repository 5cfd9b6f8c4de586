"""One act in a turn-based rule, and the chain of those that were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from mechanisms.errors import ProblemError
from mechanisms.fields import read_free, read_id, read_int, read_list, read_object

T = TypeVar("T")
CLOCK = "@clock"
MOST_MOVES = 1_000_000


class Move(Struct, frozen=True):
    """The `n`-th act: who, what kind of act, its data, and when (UTC; None where time does not count)."""

    n: int
    agent: str
    type: str
    data: dict[str, Any] = {}
    at: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON values; what is empty is left out."""
        found = {"n": self.n, "agent": self.agent, "type": self.type, "data": self.data, "at": self.at}
        return {name: value for name, value in found.items() if value not in ({}, None)}


@dataclass(frozen=True, eq=False)
class Chain(Generic[T]):
    """The last of a row of things and those before it, shared with every earlier state."""

    last: T
    before: Chain[T] | None
    count: int

    def all(self) -> tuple[T, ...]:
        """The things in order."""
        found, at = [], self
        while True:
            found.append(at.last)
            if at.before is None:
                return tuple(reversed(found))
            at = at.before


class View(NamedTuple):
    """What may be seen and done at a position; see `mechanisms.turns.State`."""

    turn: tuple[str, ...]
    legal: dict[str, list[dict[str, Any]]]
    deadline: str | None
    public: dict[str, Any]
    private: dict[str, dict[str, Any]]


def read_move(data: Mapping[str, Any] | Any, pointer: str) -> Move:
    """A move from JSON values; raises ProblemError."""
    data = read_object(data, pointer, ("n", "agent", "type"), ("data", "at"))
    at = data.get("at")
    return Move(
        n=read_int(data["n"], f"{pointer}/n", 1, MOST_MOVES),
        agent=read_id(data["agent"], f"{pointer}/agent", reserved=True),
        type=read_id(data["type"], f"{pointer}/type"),
        data=read_free(data.get("data", {}), f"{pointer}/data"),
        at=None if at is None else written(read_instant(at, f"{pointer}/at")),
    )


def read_moves(data: Any, pointer: str) -> tuple[Move, ...]:
    """The moves of a problem file."""
    return tuple(read_move(item, f"{pointer}/{index}") for index, item in enumerate(read_list(data, pointer)))


def read_instant(data: Any, pointer: str) -> datetime:
    """A UTC instant such as 2026-03-01T12:00:00Z."""
    try:
        found = datetime.fromisoformat(data) if isinstance(data, str) and data.endswith("Z") else None
    except ValueError:
        found = None
    if found is None:
        raise ProblemError("not_an_instant", "an instant in UTC belongs here, as 2026-03-01T12:00:00Z", pointer)
    return found.astimezone(UTC)


def written(instant: datetime) -> str:
    """An instant as files carry it."""
    return instant.isoformat().replace("+00:00", "Z")


def later(instant: str, seconds: int) -> str:
    """So many seconds after an instant."""
    return written(datetime.fromisoformat(instant) + timedelta(seconds=seconds))


def between(early: str, late: str) -> int:
    """Whole seconds from one instant to another."""
    return int((datetime.fromisoformat(late) - datetime.fromisoformat(early)).total_seconds())


def before(one: str, other: str) -> bool:
    """Whether an instant is earlier than another."""
    # Fractions of a second are written or not: compared without the Z, the shorter of two equal ones is the earlier.
    return one.rstrip("Z") < other.rstrip("Z")


def in_time(move: Move, *, last: str | None, due: str | None, counts: bool) -> None:
    """Refuse a move without a time where time `counts`, one before the `last`, an agent's from `due` on.

    The clock says nothing but timeout, and not before it is due. Raises ProblemError.
    """
    if move.agent == CLOCK and (move.type != "timeout" or move.data):
        raise ProblemError("illegal_move", "the clock only says timeout", "/type")
    if (counts or move.agent == CLOCK) and move.at is None:
        raise ProblemError("missing_field", "where time counts, a move says when it was made", "/at")
    if move.at and last and before(move.at, last):
        raise ProblemError("out_of_order", f"the last move was at {last}", "/at")
    if move.agent == CLOCK and (due is None or before(str(move.at), due)):
        raise ProblemError("too_early", f"time runs until {due}" if due else "time does not count here", "/at")
    if move.agent != CLOCK and due is not None and not before(str(move.at), due):
        raise ProblemError("too_late", f"a move was due before {due}", "/at")
