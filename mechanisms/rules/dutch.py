"""Dutch auction: the price falls by a step each tick, and who takes first has it at that price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from mechanisms.claims import holds
from mechanisms.dynamic.closing import Sold, outcome_of
from mechanisms.dynamic.types import Session, only_lot, stated_bidder
from mechanisms.errors import ProblemError
from mechanisms.fields import read_int, read_object
from mechanisms.moves import CLOCK, Chain, Move, View, before, in_time, later
from mechanisms.params import Params
from mechanisms.reading import MAX_QUANTITY, MAX_VALUE
from mechanisms.spec import Spec
from mechanisms.turns import finished
from mechanisms.types import Outcome


class DutchParams(Params):
    """Where the clock starts, how far it falls at a tick, and how long a tick is."""

    start: int = Field(
        1000, ge=0, le=MAX_VALUE, title="Start price", description="The clock's first price for each unit."
    )
    decrement: int = Field(10, ge=1, le=MAX_VALUE, title="Decrement", description="How far the price falls at a tick.")
    tick_s: int = Field(5, ge=1, le=86_400, title="Seconds a tick", description="How long each price stands.")


SPEC = Spec(
    slug="dutch",
    title="Dutch auction (falling clock)",
    summary="One lot, of one or many units; the price falls until bidders take what there is.",
    paper="Vickrey (1961), Counterspeculation, Auctions, and Competitive Sealed Tenders, Journal of Finance 16",
    pricing="Each pays the price at which it stopped the clock.",
    kind="dynamic",
    visibility="open",
    params=DutchParams,
    claims=holds("feasible", "individually_rational"),
)


@dataclass(frozen=True)
class Position:
    """The price that stands since `since`, how many units are left, and who took how many at which price."""

    price: int
    left: int
    since: str
    at: str
    taken: Chain[tuple[str, int, int]] | None = None
    over: bool = False


def begin(problem: Session, params: DutchParams) -> Position:
    """The clock at its start."""
    lot = only_lot(problem)
    if params.start < lot.reserve:
        raise ProblemError("start_below_reserve", "the clock starts at the reserve or above", "/params/start")
    supply = 1 if lot.supply is None else lot.supply
    if supply == 0:
        raise ProblemError("supply_zero", "a one-sided rule needs a supply of at least 1", "/lots/0/supply")
    return Position(params.start, supply, problem.opened_at, problem.opened_at)


def step(problem: Session, params: DutchParams, here: Position, move: Move) -> Position:
    """The position after a tick or a taker; ProblemError where the move is not legal."""
    if here.over:
        raise ProblemError("over", "it is over: no move counts any more", "/type")
    # A taker who comes after the tick was due, but before the clock has said so, has the price that stands.
    due = _due(problem, params, here)
    in_time(move, last=here.at, due=due if move.agent == CLOCK else problem.closes_at, counts=True)
    if move.agent == CLOCK:
        return _ticked(problem, params, here, str(move.at))
    stated_bidder(problem, move)
    if move.type != "accept":
        raise ProblemError("illegal_move", "legal now: accept", "/type")
    data = read_object(move.data, "/data", (), ("quantity", "price"))
    quantity = read_int(data.get("quantity", 1), "/data/quantity", 1, MAX_QUANTITY)
    if "price" in data and read_int(data["price"], "/data/price", 0, MAX_VALUE) < here.price:
        raise ProblemError("price_moved", f"the clock stands at {problem.words(here.price)}", "/data/price")
    if quantity > here.left:
        raise ProblemError("not_enough_left", f"{here.left} are left", "/data/quantity")
    count = 0 if here.taken is None else here.taken.count
    taken, left = Chain((move.agent, quantity, here.price), here.taken, count + 1), here.left - quantity
    return replace(here, at=str(move.at), left=left, taken=taken, over=left == 0)


def _due(problem: Session, params: DutchParams, here: Position) -> str:
    tick = later(here.since, params.tick_s)
    return tick if problem.closes_at is None else (tick if before(tick, problem.closes_at) else problem.closes_at)


def _ticked(problem: Session, params: DutchParams, here: Position, at: str) -> Position:
    floor = problem.lots[0].reserve
    closed = problem.closes_at is not None and not before(at, problem.closes_at)
    if here.price == floor or closed:
        return replace(here, at=at, over=True)
    return replace(here, at=at, since=at, price=max(floor, here.price - params.decrement))


def view(problem: Session, params: DutchParams, here: Position) -> View:
    """Everything is public."""
    legal = {} if here.over else {name: [_schema(here)] for name in problem.agents()}
    public = {"price": here.price, "left": here.left, "taken": 0 if here.taken is None else here.taken.count}
    deadline = None if here.over else _due(problem, params, here)
    return View(tuple(legal), legal, deadline, public, {name: {} for name in problem.agents()})


def _schema(here: Position) -> dict[str, Any]:
    properties = {
        "quantity": {"type": "integer", "minimum": 1, "maximum": here.left, "default": 1},
        "price": {"type": "integer", "minimum": here.price, "description": "the most that you would pay for each"},
    }
    return {"type": "accept", "data": {"type": "object", "properties": properties, "additionalProperties": False}}


def exposure(problem: Session, params: DutchParams, here: Position, agent: str) -> int:
    """What it has taken."""
    taken = here.taken.all() if here.taken else ()
    return sum(quantity * price for name, quantity, price in taken if name == agent)


def settle(problem: Session, params: DutchParams, here: Position) -> Outcome | None:
    """Each has what it took at the price of that moment; what it would have paid more is not known."""
    if not here.over:
        return None
    lot, taken = problem.lots[0].id, here.taken.all() if here.taken else ()
    sold = [Sold(agent, lot, quantity, quantity * price, quantity * price) for agent, quantity, price in taken]
    prices = {lot: taken[-1][2]} if taken else {}
    return outcome_of(problem, sold, prices, {"last_price": here.price, "ended_at": here.at}, two_sided=False)


def solve(problem: Session, params: DutchParams) -> Outcome:
    """The outcome of the moves in the problem, which must end it."""
    outcome: Outcome = finished(problem)
    return outcome
