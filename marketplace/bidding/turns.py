"""Where a market of turns stands: the state after its moves, kept by their number, made again where that differs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import mechanisms
from marketplace.bidding.models import Move, Participation
from marketplace.core import clock
from marketplace.markets.models import Market
from marketplace.markets.terms import problem_lots
from marketplace.markets.turns import BUYER, SELLER, first_problem, haggles
from mechanisms import State
from mechanisms.moves import CLOCK, read_instant, written

KEPT = 1_000  # markets whose state a process keeps


@dataclass(frozen=True, slots=True)
class Table:
    """The state of a market with so many participants, and how many moves each of them has made."""

    participants: int
    state: State
    made: Counter[str] = field(default_factory=Counter)

    @property
    def last(self) -> int:
        """The number of the last move."""
        return self.state.next_number - 1

    def after(self, move: dict[str, Any]) -> "Table":
        """The table after one more move. Raises ProblemError."""
        made = Counter(self.made)
        made[move["agent"]] += 1
        return Table(self.participants, mechanisms.advance(self.state, move), made)


_kept: dict[int, Table] = {}


def keep(market_id: int, table: Table) -> None:
    """Remember where a market stands; call it once that is committed."""
    if len(_kept) >= KEPT:
        _kept.clear()
    _kept[market_id] = table


def forget_all() -> None:
    """Empty the memory (tests, whose databases come and go)."""
    _kept.clear()


def table_of(market: Market) -> Table | None:
    """Where the market stands by its row, which should be locked by who means to move; None before a haggle begins."""
    if not market.course:
        return None
    known = _kept.get(market.pk)
    if known is None or known.participants != market.participants or known.last > market.last_bid:
        known = _begun(market)
    if known.last < market.last_bid:
        for row in _rows(market, known.last):
            known = known.after(row)
    keep(market.pk, known)
    return known


def opened_problem(market: Market) -> dict[str, Any]:
    """The market's problem before its first move, under its participations' names; the seed is the one committed to."""
    problem = first_problem(market, market.agenda, problem_lots(market), market.course, _names(market))
    return problem | {"seed": market.seed}


def _begun(market: Market) -> Table:
    return Table(market.participants, mechanisms.start(market.mechanism, opened_problem(market)))


def _rows(market: Market, after: int) -> Iterable[dict[str, Any]]:
    rows = Move.objects.filter(market_id=market.pk, n__gt=after, n__lte=market.last_bid).order_by("n")
    return (stated(row, name) for row in rows.select_related("participation") for name in [mover(row)])


def stated(row: Move, agent: str) -> dict[str, Any]:
    """A move as problems state it."""
    return {"n": row.n, "agent": agent, "type": row.type, "data": row.data.open(), "at": written(row.at)}


def mover(row: Move) -> str:
    """Who made it, by the name that it has in the problem."""
    return CLOCK if row.participation is None else row.participation.ref


def _names(market: Market) -> list[str]:
    rows = Participation.objects.filter(market=market, state=Participation.State.ACTIVE).order_by("ref")
    refs = dict(rows.values_list("ref", "agent_id"))
    if not haggles(market.mechanism):
        return list(refs)
    seller = seller_of(market)
    return sorted(refs, key=lambda ref: refs[ref] == seller)  # the buyer, then the seller


def seller_of(market: Market) -> int | None:
    """The agent that sells in a haggle."""
    return market.lots.values_list("seller_id", flat=True).first()


def role_of(market: Market, agent_id: int) -> str:
    """The side that an agent is on in a haggle."""
    return SELLER if seller_of(market) == agent_id else BUYER


def turn_of(table: Table, participation: str | None) -> dict[str, Any]:
    """How it stands, as one participant may see it: whose turn, what is legal with its schema, and until when."""
    state = table.state
    own = participation or ""
    return {
        "n": table.last,
        "your_turn": own in state.turn,
        "legal": state.legal.get(own, []),
        "deadline": stamped(state),
        "over": state.outcome is not None,
        "public": state.public,
        "private": state.private.get(own, {}),
    }


def stamped(state: State) -> str | None:
    """When time ends the turn, as every door writes instants."""
    return clock.stamp(due_at(state))


def due_at(state: State) -> Any:
    """When time ends the turn."""
    return None if state.deadline is None else read_instant(state.deadline, "")


def last_at(table: Table) -> datetime:
    """When the last move was made: a clock that is set back makes no move earlier than the one before."""
    moves = table.state.moves
    said = moves.last.at if moves is not None and moves.last.at else table.state.problem.opened_at
    return datetime.fromisoformat(said).astimezone(UTC)
