"""Continuous double auction: an order book with price-time priority, or frequent batches at one price each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from mechanisms.claims import fails, holds
from mechanisms.dynamic.batches import cleared
from mechanisms.dynamic.closing import Sold, outcome_of
from mechanisms.dynamic.matching import Wish, matched, read_wish
from mechanisms.dynamic.numbered import Numbered
from mechanisms.dynamic.orders import Resting, Sides, Trade
from mechanisms.dynamic.tree import Tree, find, put
from mechanisms.dynamic.types import Session, stated_trader
from mechanisms.errors import ProblemError
from mechanisms.fields import read_int, read_object
from mechanisms.moves import CLOCK, MOST_MOVES, Chain, Move, View, before, in_time, later
from mechanisms.params import Params
from mechanisms.reading import MAX_QUANTITY, MAX_VALUE
from mechanisms.spec import Spec
from mechanisms.turns import finished
from mechanisms.types import Outcome

DEPTH = 10
NOTHING = Numbered()


class OrderBookParams(Params):
    """Whether orders meet as they come or in batches."""

    batch_s: int | None = Field(
        None,
        ge=1,
        le=86_400,
        title="Seconds a batch",
        description="Orders wait so long and then trade at one price, so that being quicker gains nothing; "
        "nothing: they trade as they come.",
    )


SPEC = Spec(
    slug="continuous_double_auction",
    title="Order book (continuous double auction)",
    summary="Buyers and sellers place orders at any time; an order trades as soon as one of the other side meets it.",
    paper="Friedman and Rust (1993), The Double Auction Market; Budish, Cramton and Shim (2015), QJE 130 (batches)",
    pricing="Each trade was at the price of the order that stood first, or at the one price of its batch.",
    kind="dynamic",
    sides="two",
    visibility="open",
    params=OrderBookParams,
    claims=(
        *holds("feasible", "individually_rational", "budget_balanced", "weakly_budget_balanced"),
        *fails("optimal_for_reports"),
    ),
)


@dataclass(frozen=True)
class Position:
    """The books by lot, where each open order stands (lot, buys, price), the trades, the batch under way.

    `net`: what each has to pay by its trades so far, less what it gets.
    """

    books: dict[str, Sides]
    at: str
    since: str
    open: Numbered = NOTHING
    trades: Chain[Trade] | None = None
    net: Tree = None
    batch: int = 1
    over: bool = False


def begin(problem: Session, params: OrderBookParams) -> Position:
    """Empty books."""
    if problem.closes_at is None:
        raise ProblemError("missing_field", "an order book says when it closes", "/closes_at")
    for index, lot in enumerate(problem.lots):
        try:
            SPEC.check_lot(lot, params)
        except ProblemError as error:
            raise ProblemError(error.code, error.detail, f"/lots/{index}{error.pointer}") from error
    return Position({lot.id: Sides() for lot in problem.lots}, problem.opened_at, problem.opened_at)


def step(problem: Session, params: OrderBookParams, here: Position, move: Move) -> Position:
    """The position after an order, a cancellation, or the clock; ProblemError where the move is not legal."""
    if here.over:
        raise ProblemError("over", "it is over: no move counts any more", "/type")
    due = _due(problem, params, here) if move.agent == CLOCK else problem.closes_at
    in_time(move, last=here.at, due=due, counts=True)
    now = replace(here, at=str(move.at))
    if move.agent == CLOCK:
        return _timed_out(problem, params, now)
    stated_trader(problem, move)
    if move.type == "cancel":
        return _cancelled(now, move)
    if move.type != "order":
        raise ProblemError("illegal_move", "legal now: order, cancel", "/type")
    wish = read_wish(problem, move, batches=params.batch_s is not None)
    return _rested(now, wish, now.books[wish.lot], wish.quantity) if params.batch_s else _placed(now, wish)


def _due(problem: Session, params: OrderBookParams, here: Position) -> str:
    closes = str(problem.closes_at)
    batch = closes if params.batch_s is None else later(here.since, params.batch_s)
    return batch if before(batch, closes) else closes


def _timed_out(problem: Session, params: OrderBookParams, here: Position) -> Position:
    """A batch ends and trades; at the close, what still stands lapses."""
    over = not before(here.at, str(problem.closes_at))
    if params.batch_s is not None:
        for lot in sorted(here.books):
            trades, fills = cleared(lot, here.books[lot], problem.seed)
            here = _with_trades(here, trades)
            for order, buys in fills:
                here = _refilled(here, lot, order, buys)
    return replace(here, over=over, batch=here.batch + 1, since=here.at)


def _placed(here: Position, wish: Wish) -> Position:
    """The order against the best of the other side; what is left of a limit order stands."""
    trades, fills, left = matched(here.books[wish.lot], wish)
    here = _with_trades(here, trades)
    for order in fills:
        here = _refilled(here, wish.lot, order, not wish.buys)
    return here if wish.price is None else _rested(here, wish, here.books[wish.lot], left)


def _rested(here: Position, wish: Wish, book: Sides, left: int) -> Position:
    if not left or wish.price is None:
        return here
    order = Resting(wish.n, wish.agent, left, wish.price, here.batch)
    books = {**here.books, wish.lot: book.with_order(order, buys=wish.buys)}
    return replace(here, books=books, open=here.open.put(wish.n, (wish.lot, wish.buys, order)))


def _refilled(here: Position, lot: str, order: Resting, buys: bool) -> Position:
    """The standing order with what is now left of it."""
    books = {**here.books, lot: here.books[lot].with_order(order, buys=buys)}
    return replace(here, books=books, open=here.open.put(order.n, (lot, buys, order) if order.left else None))


def _with_trades(here: Position, trades: list[Trade]) -> Position:
    chain, net = here.trades, here.net
    for trade in trades:
        chain = Chain(trade, chain, 1 if chain is None else chain.count + 1)
        paid = trade.quantity * trade.price
        for agent, owed in ((trade.buyer, paid), (trade.seller, -paid)):
            net = put(net, (agent,), (find(net, (agent,)) or 0) + owed)
    return replace(here, trades=chain, net=net)


def _cancelled(here: Position, move: Move) -> Position:
    data = read_object(move.data, "/data", ("order",))
    number = read_int(data["order"], "/data/order", 1, MOST_MOVES)
    found = here.open.get(number)
    if found is None or found[2].agent != move.agent:
        raise ProblemError("no_such_order", f"you have no open order {number}", "/data/order")
    lot, buys, order = found
    return _refilled(here, lot, order._replace(left=0), buys)


def view(problem: Session, params: OrderBookParams, here: Position) -> View:
    """Depth and trades are public, without names; who placed an order sees what is left of it."""
    legal = {} if here.over else {name: _legal(problem, params) for name in problem.agents()}
    last: list[dict[str, Any]] = []
    chain = here.trades
    while chain is not None and len(last) < DEPTH:
        last.append({"lot": chain.last.lot, "quantity": chain.last.quantity, "price": chain.last.price})
        chain = chain.before
    books = {
        lot: {"bids": sides.levels(buys=True, depth=DEPTH), "asks": sides.levels(buys=False, depth=DEPTH)}
        for lot, sides in here.books.items()
    }
    count = 0 if here.trades is None else here.trades.count
    public = {"books": books, "trades": count, "last_trades": last, "batch": here.batch if params.batch_s else None}
    private: dict[str, dict[str, Any]] = {name: {"orders": []} for name in problem.agents()}
    for lot, buys, order in here.open.each():
        quantity = order.left if buys else -order.left
        own = {"order": order.n, "lot": lot, "quantity": quantity, "price": order.price}
        private.setdefault(order.agent, {"orders": []})["orders"].append(own)
    deadline = None if here.over else _due(problem, params, here)
    return View(tuple(legal), legal, deadline, public, private)


def _legal(problem: Session, params: OrderBookParams) -> list[dict[str, Any]]:
    lot = {"enum": [lot.id for lot in problem.lots]}
    quantity = {"type": "integer", "minimum": -MAX_QUANTITY, "maximum": MAX_QUANTITY, "not": {"const": 0}}
    amount = {"type": "integer", "minimum": 0, "maximum": MAX_VALUE}
    kinds = [{"price": amount}] if params.batch_s else [{"price": amount}, {"limit_total": amount}]
    orders = [
        {"type": "object", "properties": own, "required": list(own), "additionalProperties": False}
        for own in ({"lot": lot, "quantity": quantity, **kind} for kind in kinds)
    ]
    number = {"order": {"type": "integer", "minimum": 1}}
    cancel = {"type": "object", "properties": number, "required": ["order"], "additionalProperties": False}
    return [{"type": "order", "data": {"oneOf": orders}}, {"type": "cancel", "data": cancel}]


def exposure(problem: Session, params: OrderBookParams, here: Position, agent: str) -> int:
    """What its trades come to, and every order to buy that stands, at its own price."""
    standing = () if here.over else here.open.each()
    bids = (order for _, buys, order in standing if buys and order.agent == agent)
    return (find(here.net, (agent,)) or 0) + sum(order.left * order.price for order in bids)


def settle(problem: Session, params: OrderBookParams, here: Position) -> Outcome | None:
    """Everybody's trades, against the market; the price of a lot is that of its last trade."""
    if not here.over:
        return None
    trades = () if here.trades is None else here.trades.all()
    bought = [Sold(t.buyer, t.lot, t.quantity, t.quantity * t.price, t.quantity * t.bid) for t in trades]
    sold = [Sold(t.seller, t.lot, -t.quantity, -t.quantity * t.price, -t.quantity * t.ask) for t in trades]
    prices = {trade.lot: trade.price for trade in trades}
    certificate = {"trades": len(trades), "ended_at": here.at}
    return outcome_of(problem, bought + sold, prices, certificate, two_sided=True)


def solve(problem: Session, params: OrderBookParams) -> Outcome:
    """The outcome of the moves in the problem, which must end it."""
    outcome: Outcome = finished(problem)
    return outcome
