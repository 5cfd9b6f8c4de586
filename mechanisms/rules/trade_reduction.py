"""Trade reduction: a two-sided market that gives up its last trade so that truth is best and no subsidy is needed."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from mechanisms.book import Book, Column, Fill, Rows, at_one_price, nothing
from mechanisms.claims import TRUTH, fails, holds
from mechanisms.crossing import Crossing, cross, fill_at
from mechanisms.cutting import cut_equally
from mechanisms.params import Params
from mechanisms.spec import Spec


class TradeReductionParams(Params):
    """Which reduction: McAfee's for single units, or Huang's for orders of several units."""

    variant: Literal["mcafee", "huang"] = Field(
        "mcafee",
        title="Variant",
        description="mcafee: at most one unit is given up. huang: the price-setting buyer and seller leave.",
    )


UNITS = (*TRUTH, "unit_demand", "unit_supply")
SPEC = Spec(
    slug="trade_reduction",
    title="Trade reduction",
    summary="Many buyers and sellers; at most the last trade is given up, and nobody gains by shading a bid.",
    paper="McAfee (1992), A Dominant Strategy Double Auction; Huang, Scheller-Wolf and Sycara (2002)",
    pricing="Prices come from orders that do not trade; what buyers pay beyond what sellers get, the market keeps.",
    params=TradeReductionParams,
    sides="two",
    claims=(
        *holds("feasible", "individually_rational", "weakly_budget_balanced"),
        *holds("symmetric", variant="mcafee"),
        *fails("symmetric", variant="huang"),
        *holds("truthful", assumes=(*UNITS, "single_identity")),
        *fails("budget_balanced", "optimal_for_reports", "pareto"),
        *fails("efficient", assumes=UNITS),
        *fails("false_name_proof", assumes=UNITS),
    ),
)


def clear_lot(book: Book, params: TradeReductionParams) -> Fill:
    """One unit book for McAfee, one trader book for Huang."""
    crossing = cross(book)
    if crossing.q == 0:
        return nothing(book, quantity=0)
    return mcafee(book, crossing) if params.variant == "mcafee" else huang(book, crossing)


def mcafee(book: Book, crossing: Crossing) -> Fill:
    """All q units at floor((d_(q+1) + s_(q+1)) / 2) where that suits the q-th pair; else q - 1 at d_(q) and s_(q)."""
    q, bid, ask = crossing.q, crossing.bid(crossing.q), crossing.ask(crossing.q)
    next_bid, next_ask = crossing.bid(q + 1), crossing.ask(q + 1)
    if bid is None or ask is None:
        raise AssertionError("the q-th units exist")
    if next_bid is not None and next_ask is not None and ask <= (price := (next_bid + next_ask) // 2) <= bid:
        return at_one_price(book, fill_at(book, q, bid, ask, "lottery"), price, quantity=q, reduced=False)
    return at_two_prices(book, fill_at(book, q - 1, bid, ask, "lottery"), bid, ask)


def huang(book: Book, crossing: Crossing) -> Fill:
    """The traders of the q-th units leave and set the prices; the longer side of the others is cut by equal amounts."""
    q, bid, ask = crossing.q, crossing.bid(crossing.q), crossing.ask(crossing.q)
    if bid is None or ask is None:
        raise AssertionError("the q-th units exist")
    efficient = fill_at(book, q, bid, ask, "lottery")
    buyers = staying(book, efficient, np.flatnonzero((efficient > 0) & (book.price == bid)), 1)
    sellers = staying(book, efficient, np.flatnonzero((efficient < 0) & (book.price == ask)), -1)
    target = min(sum(buyers.values()), sum(sellers.values()))
    filled = spread(book, cut_equally(buyers, target), efficient, 1)
    return at_two_prices(book, filled + spread(book, cut_equally(sellers, target), efficient, -1), bid, ask)


def staying(book: Book, efficient: Column, marginal: Rows, sign: int) -> dict[int, int]:
    """Units by agent, in order of priority, on one side of the efficient trade, without the price-setting agent."""
    leaving = book.favoured(marginal)[-1]
    side = np.flatnonzero(sign * efficient > 0)
    units = book.by_agent(side, np.abs(efficient[side]))
    return {agent: quantity for agent, quantity in units.items() if agent != leaving}


def spread(book: Book, units: dict[int, int], efficient: Column, sign: int) -> Column:
    """Each agent's units over its own rows, the best first; signed."""
    filled, left = np.zeros(len(book.price), np.int64), dict(units)
    rows = np.flatnonzero(sign * efficient > 0)
    for row in rows[np.argsort(-sign * book.price[rows], kind="stable")]:
        agent = int(book.agent[row])
        taken = min(left.get(agent, 0), abs(int(efficient[row])))
        filled[row], left[agent] = sign * taken, left.get(agent, 0) - taken
    return filled


def at_two_prices(book: Book, filled: Column, bid: int, ask: int) -> Fill:
    """Buyers pay `bid` per unit, sellers receive `ask`, and the market keeps the difference."""
    if bid == ask or not filled.any():
        return at_one_price(book, filled, bid, quantity=int(np.maximum(filled, 0).sum()), reduced=True)
    payment = filled * np.where(filled > 0, bid, ask)
    quantity = int(np.maximum(filled, 0).sum())
    return Fill(
        filled, payment, certificate={"quantity": quantity, "reduced": True, "buyer_price": bid, "seller_price": ask}
    )
