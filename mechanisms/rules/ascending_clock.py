"""Ascending clock: prices of several lots rise while more is wanted than there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from mechanisms.claims import holds
from mechanisms.dynamic.closing import Sold, outcome_of
from mechanisms.dynamic.demands import Demand, Room, processed
from mechanisms.dynamic.increments import Increments, step_at
from mechanisms.dynamic.tree import Tree, each, find, put
from mechanisms.dynamic.types import Session, stated_bidder
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_int, read_object
from mechanisms.moves import CLOCK, Move, View, in_time, later
from mechanisms.params import Params
from mechanisms.spec import Spec
from mechanisms.turns import finished
from mechanisms.types import Outcome


class ClockParams(Params):
    """By how much prices rise, how long a round is, and what each lot counts in the activity rule."""

    increments: Increments = Field([(None, 1)])
    round_s: int = Field(60, ge=1, le=604_800, title="Seconds a round", description="How long each price stands.")
    points: dict[str, Annotated[int, Field(ge=1, le=10**6)]] = Field(
        {},
        title="Points",
        description="What a unit of each lot counts in the activity rule, 1 where missing: "
        "nobody may demand more points than in the round before.",
    )


SPEC = Spec(
    slug="ascending_clock",
    title="Ascending clock",
    summary="Several lots in many units; the prices rise until no more is wanted than there is.",
    paper="Ausubel and Cramton (2004), Auctioning Many Divisible Goods, JEEA 2; Milgrom and Segal (2020), JPE 128",
    pricing="Everybody pays the clock's last price of each lot, at which it had still wanted what it got.",
    kind="dynamic",
    visibility="open",
    params=ClockParams,
    claims=holds("feasible", "individually_rational"),
)


@dataclass(frozen=True)
class Position:
    """The round and its prices; what each holds since the last round (`held`) and asks for in this one (`asked`).

    `sold` are lots whose price stepped back because not all could leave: they change no more.
    """

    round: int
    prices: dict[str, int]
    before: dict[str, int]
    since: str
    at: str
    held: dict[str, Demand]
    asked: Tree = None
    count: int = 0
    sold: frozenset[str] = frozenset()
    over: bool = False


def begin(problem: Session, params: ClockParams) -> Position:
    """The first round, at the reserves."""
    for name in params.points:
        problem.lot(name, f"/params/points/{escape(name)}")
    for index, lot in enumerate(problem.lots):
        if lot.supply == 0:
            raise ProblemError("supply_zero", "a one-sided rule needs a supply of at least 1", f"/lots/{index}/supply")
    prices = {lot.id: lot.reserve for lot in problem.lots}
    return Position(1, prices, prices, problem.opened_at, problem.opened_at, {})


def step(problem: Session, params: ClockParams, here: Position, move: Move) -> Position:
    """The position after a demand, an exit, or the end of a round; ProblemError where the move is not legal."""
    if here.over:
        raise ProblemError("over", "it is over: no move counts any more", "/type")
    due = later(here.since, params.round_s) if move.agent == CLOCK else None
    in_time(move, last=here.at, due=due, counts=True)
    now = replace(here, at=str(move.at))
    if move.agent == CLOCK:
        return _next_round(problem, params, now)
    stated_bidder(problem, move)
    if move.type not in ("bid", "exit"):
        raise ProblemError("illegal_move", "legal now: bid, exit", "/type")
    if here.round > 1 and move.agent not in here.held:
        raise ProblemError("not_active", "who holds nothing after a round is out", "/agent")
    wanted = {} if move.type == "exit" else _read_demand(problem, params, here, move)
    if move.type == "exit" and move.data:
        raise ProblemError("unknown_field", "exit takes no data", "/data")
    new = find(here.asked, (move.agent,)) is None
    now = replace(now, asked=put(here.asked, (move.agent,), wanted), count=here.count + new)
    return _next_round(problem, params, now) if here.round > 1 and now.count == len(here.held) else now


def _read_demand(problem: Session, params: ClockParams, here: Position, move: Move) -> Demand:
    demand = read_object(move.data, "/data", ("demand",))["demand"]
    if not isinstance(demand, dict):
        raise ProblemError("not_an_object", "a demand is a JSON object of lot: quantity", "/data/demand")
    wanted: Demand = {}
    for name, quantity in demand.items():
        pointer = f"/data/demand/{escape(str(name))}"
        supply = problem.lot(name, pointer).supply
        wanted[name] = read_int(quantity, pointer, 0, 1 if supply is None else supply)
    wanted = {name: quantity for name, quantity in wanted.items() if quantity}
    if here.round > 1 and points_of(params, wanted) > points_of(params, here.held[move.agent]):
        most = points_of(params, here.held[move.agent])
        raise ProblemError("activity", f"you may demand {most} points at most, as in the last round", "/data/demand")
    return wanted


def points_of(params: ClockParams, demand: Demand) -> int:
    """What a demand counts in the activity rule."""
    return sum(quantity * params.points.get(lot, 1) for lot, quantity in demand.items())


def _next_round(problem: Session, params: ClockParams, here: Position) -> Position:
    """What was asked for becomes what is held, as far as no lot falls below its supply; then prices rise or it ends."""
    asked = {agent: wanted for (agent,), wanted in each(here.asked)}
    supply = {lot.id: 1 if lot.supply is None else lot.supply for lot in problem.lots}
    if here.round == 1:
        held, stuck = asked, frozenset[str]()
    else:
        room = Room(supply, here.sold, lambda demand: points_of(params, demand), problem.seed)
        held, stuck = processed(here.held, asked, room)
    back = frozenset(lot for lot in stuck if here.prices[lot] > here.before[lot])
    prices = {lot: here.before[lot] if lot in back else price for lot, price in here.prices.items()}
    held = {agent: demand for agent, demand in held.items() if demand}
    sold = here.sold | back
    wanted = {lot: sum(demand.get(lot, 0) for demand in held.values()) for lot in supply}
    rising = [lot for lot in supply if wanted[lot] > supply[lot] and lot not in sold]
    higher = {lot: prices[lot] + max(1, step_at(params.increments, prices[lot])) for lot in rising}
    return replace(
        here,
        round=here.round + 1 if rising else here.round,
        prices={**prices, **higher},
        before=prices,
        since=here.at,
        held=held,
        asked=None,
        count=0,
        sold=sold,
        over=not rising,
    )


def view(problem: Session, params: ClockParams, here: Position) -> View:
    """Prices and the sums of demand are public; each sees its own."""
    active = [] if here.over else [name for name in problem.agents() if here.round == 1 or name in here.held]
    legal = {name: _legal(problem) for name in active}
    wanted = {lot: sum(demand.get(lot, 0) for demand in here.held.values()) for lot in here.prices}
    public = {"round": here.round, "prices": dict(here.prices), "demand": wanted if here.round > 1 else None}
    private = {name: _own(params, here, name) for name in problem.agents()}
    deadline = None if here.over else later(here.since, params.round_s)
    turn = tuple(name for name in active if find(here.asked, (name,)) is None)
    return View(turn, legal, deadline, public, private)


def _own(params: ClockParams, here: Position, name: str) -> dict[str, Any]:
    held = here.held.get(name, {})
    most = None if here.round == 1 else points_of(params, held)
    return {"held": held, "asked": find(here.asked, (name,)), "points": most}


def _legal(problem: Session) -> list[dict[str, Any]]:
    lots = {lot.id: {"type": "integer", "minimum": 0, "maximum": lot.supply or 1} for lot in problem.lots}
    demand = {"type": "object", "properties": lots, "additionalProperties": False}
    data = {"type": "object", "properties": {"demand": demand}, "required": ["demand"], "additionalProperties": False}
    return [{"type": "bid", "data": data}, {"type": "exit", "data": {"type": "object", "maxProperties": 0}}]


def exposure(problem: Session, params: ClockParams, here: Position, agent: str) -> int:
    """Of each lot the dearer of what it holds at the price before, where it may be stuck, and what it asks for now.

    Silence in later rounds only lowers this: it asks for nothing, and whoever cannot leave pays the price before.
    """
    held, asked = here.held.get(agent, {}), find(here.asked, (agent,)) or {}
    lots = {*held, *asked}
    return sum(max(held.get(lot, 0) * here.before[lot], asked.get(lot, 0) * here.prices[lot]) for lot in lots)


def settle(problem: Session, params: ClockParams, here: Position) -> Outcome | None:
    """Everybody has what it holds, at the last prices."""
    if not here.over:
        return None
    sold = [
        Sold(agent, lot, quantity, quantity * here.prices[lot], quantity * here.prices[lot])
        for agent, demand in sorted(here.held.items())
        for lot, quantity in sorted(demand.items())
    ]
    prices = {one.lot: here.prices[one.lot] for one in sold}
    return outcome_of(problem, sold, prices, {"rounds": here.round, "ended_at": here.at}, two_sided=False)


def solve(problem: Session, params: ClockParams) -> Outcome:
    """The outcome of the moves in the problem, which must end it."""
    outcome: Outcome = finished(problem)
    return outcome
