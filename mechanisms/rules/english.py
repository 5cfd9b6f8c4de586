"""English auction by proxy: each states the most it would pay, and the price rises only as rivals make it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from mechanisms.claims import holds
from mechanisms.dynamic.closing import Sold, outcome_of
from mechanisms.dynamic.increments import Increments, step_at
from mechanisms.dynamic.types import Session, only_lot, stated_bidder
from mechanisms.errors import ProblemError
from mechanisms.fields import read_int, read_object
from mechanisms.moves import CLOCK, Move, View, before, in_time, later
from mechanisms.params import Params
from mechanisms.reading import MAX_VALUE
from mechanisms.spec import Spec
from mechanisms.turns import finished
from mechanisms.types import Outcome


class EnglishParams(Params):
    """By how much bids rise, and whether a late bid keeps the sale open."""

    increments: Increments = Field([(None, 1)])
    soft_close_s: int = Field(
        0, ge=0, le=86_400, title="Soft close", description="A bid in the last so many seconds keeps it open as long."
    )


SPEC = Spec(
    slug="english",
    title="English auction (proxy bids)",
    summary="One lot; the price rises as rivals bid, and each bidder's proxy bids for it up to its own limit.",
    paper="Vickrey (1961), J. of Finance 16; Lucking-Reiley (2000), Vickrey Auctions in Practice, JEP 14 (proxy bids)",
    pricing="The highest bid won, for the next highest and one increment, but no more than itself.",
    kind="dynamic",
    visibility="open",
    unit_supply=True,
    params=EnglishParams,
    claims=holds("feasible", "individually_rational", "optimal_for_reports"),
)


@dataclass(frozen=True)
class Position:
    """Whose bid is highest, how high it and the next one are, the price, and until when bids count."""

    due: str
    at: str
    leader: str | None = None
    high: int = 0
    second: int | None = None
    bids: int = 0
    over: bool = False


def begin(problem: Session, params: EnglishParams) -> Position:
    """No bid yet."""
    only_lot(problem, 1)
    if problem.closes_at is None:
        raise ProblemError("missing_field", "an English auction says when it closes", "/closes_at")
    return Position(due=problem.closes_at, at=problem.opened_at)


def price_of(problem: Session, params: EnglishParams, here: Position) -> int | None:
    """What the leader would pay now: the next highest bid and its increment, at least the reserve, at most its own."""
    if here.leader is None:
        return None
    rival = problem.lots[0].reserve if here.second is None else here.second + step_at(params.increments, here.second)
    return min(here.high, max(problem.lots[0].reserve, rival))


def least_bid(problem: Session, params: EnglishParams, here: Position, bidder: str | None) -> int:
    """The lowest bid that counts: more than its own of the leader, of others an increment above the price."""
    price = price_of(problem, params, here)
    if price is None:
        return problem.lots[0].reserve
    return here.high + 1 if bidder == here.leader else price + max(1, step_at(params.increments, price))


def step(problem: Session, params: EnglishParams, here: Position, move: Move) -> Position:
    """The position after a bid, or after the close; ProblemError where the move is not legal."""
    if here.over:
        raise ProblemError("over", "it is over: no move counts any more", "/type")
    in_time(move, last=here.at, due=here.due, counts=True)
    if move.agent == CLOCK:
        return replace(here, at=str(move.at), over=True)
    stated_bidder(problem, move)
    if move.type != "bid":
        raise ProblemError("illegal_move", "legal now: bid", "/type")
    amount = _read_amount(move, least_bid(problem, params, here, move.agent), problem)
    return _extended(params, _bid(here, move.agent, amount), str(move.at))


def _read_amount(move: Move, least: int, problem: Session) -> int:
    data = read_object(move.data, "/data", ("amount",))
    amount = read_int(data["amount"], "/data/amount", 0, MAX_VALUE)
    if amount < least:
        raise ProblemError("bid_too_low", f"the next bid is {problem.words(least)} or more", "/data/amount")
    return amount


def _bid(here: Position, bidder: str, amount: int) -> Position:
    if bidder == here.leader:
        return replace(here, high=amount, bids=here.bids + 1)
    if here.leader is None or amount > here.high:
        second = None if here.leader is None else here.high
        return replace(here, leader=bidder, high=amount, second=second, bids=here.bids + 1)
    return replace(here, second=amount, bids=here.bids + 1)  # of equals, the earlier stays ahead


def _extended(params: EnglishParams, here: Position, at: str) -> Position:
    late = later(at, params.soft_close_s)
    return replace(here, at=at, due=late if before(here.due, late) else here.due)


def view(problem: Session, params: EnglishParams, here: Position) -> View:
    """The price and who leads are public; how high the leader would go only it sees."""
    legal = {} if here.over else {name: [_schema(problem, params, here, name)] for name in problem.agents()}
    public = {
        "price": price_of(problem, params, here),
        "leader": here.leader,
        "bids": here.bids,
        "next_bid": None if here.over else least_bid(problem, params, here, None),
    }
    private: dict[str, dict[str, Any]] = {name: {} for name in problem.agents()}
    if here.leader is not None:
        private[here.leader] = {"highest_bid": here.high}
    return View(tuple(legal), legal, None if here.over else here.due, public, private)


def _schema(problem: Session, params: EnglishParams, here: Position, name: str) -> dict[str, Any]:
    amount = {"type": "integer", "minimum": least_bid(problem, params, here, name), "maximum": MAX_VALUE}
    data = {"type": "object", "properties": {"amount": amount}, "required": ["amount"], "additionalProperties": False}
    return {"type": "bid", "data": data}


def exposure(problem: Session, params: EnglishParams, here: Position, agent: str) -> int:
    """Who leads may have to pay its whole bid; who was overtaken does not come to lead again by itself."""
    return here.high if agent == here.leader else 0


def settle(problem: Session, params: EnglishParams, here: Position) -> Outcome | None:
    """The highest bidder has it at the price."""
    if not here.over:
        return None
    price, lot = price_of(problem, params, here), problem.lots[0].id
    sold = [] if here.leader is None or price is None else [Sold(here.leader, lot, 1, price, here.high)]
    prices = {} if price is None else {lot: price}
    return outcome_of(problem, sold, prices, {"bids": here.bids, "ended_at": here.at}, two_sided=False)


def solve(problem: Session, params: EnglishParams) -> Outcome:
    """The outcome of the moves in the problem, which must end it."""
    outcome: Outcome = finished(problem)
    return outcome
