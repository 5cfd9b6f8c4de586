"""Walrasian equilibrium: prices at which everybody wants just what the best allocation gives it, if there are any."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from mechanisms.awarding import certified, outcome_of, proven, without_trade
from mechanisms.bundles import Sale
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.params import Splitting
from mechanisms.solve.errors import NoPointError, SolverFailedError
from mechanisms.solve.highs import Relaxation
from mechanisms.solve.nearest import least_sum, nearest
from mechanisms.solve.vertices import vertex
from mechanisms.solve.winners import Proven
from mechanisms.spec import BundleSpec, Sizes
from mechanisms.types import Outcome, Problem

SPEC = BundleSpec(
    slug="walrasian",
    title="Walrasian prices",
    summary="Bundles of lots at one price for each lot, at which nobody wants anything else, where such prices exist.",
    paper="Bikhchandani and Mamer (1997), Competitive Equilibrium in an Exchange Economy with Indivisibilities, JET 74",
    pricing="Each lot has one price, the least at which nobody wants anything else; a bundle costs the sum.",
    params=Splitting,
    languages=("atoms",),
    sizes=Sizes(lots=60, bids=2000, atoms=2000),
    claims=(
        *holds("feasible", "individually_rational", "core_for_reports"),
        *fails("optimal_for_reports"),
        *fails("truthful", assumes=TRUTH_RESERVED),
    ),
)


def solve(problem: Problem, params: Splitting) -> Outcome:
    """The best allocation, then the least prices that support it, then of these the least squares."""
    return proven(problem, params, at_one_price_a_lot)


def at_one_price_a_lot(sale: Sale) -> Outcome:
    """Prices that support the best allocation; `no_equilibrium` where there are none."""
    best = sale.best()
    told = certified(sale, best)
    beyond = supporting(sale, best)
    if beyond is None:
        return without_trade(sale, "no_equilibrium", grade=told["grade"], lp_gap=lp_gap(sale, best))
    exact = {lot: beyond[place] + sale.lots[lot].reserve for place, lot in enumerate(sale.lots)}
    payments = {
        agent: ceil(sum(exact[lot] * quantity for lot, quantity in offer.bundle))
        for agent, offer in sale.won(best).items()
    }
    prices = {lot: ceil(price) for lot, price in exact.items()} if best.chosen else {}
    numeric = {"numeric": True} if any(price.denominator > 1 for price in exact.values()) else {}
    fractions = {lot: str(price) for lot, price in exact.items()}
    return outcome_of(sale, best, payments, {**told, **numeric, "prices_exact": fractions}, prices)


def supporting(sale: Sale, best: Proven) -> list[Fraction] | None:
    """Prices beyond the reserves, least sum first, then least squares of the whole prices; None where none support."""
    rows, least = support_rows(sale, best)
    total = least_sum(rows, least)
    if total is None:
        return None
    try:
        return nearest(rows, least, [Fraction(-lot.reserve) for lot in sale.lots.values()], total)
    except NoPointError:  # HiGHS' tolerance took them for there
        return None


def support_rows(sale: Sale, best: Proven) -> tuple[list[list[int]], list[int]]:
    """rows·p >= least: nobody prefers another atom, or nothing; a lot with units left costs its reserve."""
    lots = list(sale.lots)
    won = sale.won(best)
    left = {lot: (sale.lots[lot].supply or 0) for lot in lots}
    for offer in won.values():
        left |= {lot: left[lot] - quantity for lot, quantity in offer.bundle}
    rows, least = [], []
    for offer in sale.offers:
        own = won.get(offer.agent)
        has = dict(own.bundle) if own else {}
        want = dict(offer.bundle)
        rows.append([want.get(lot, 0) - has.get(lot, 0) for lot in lots])
        least.append(offer.gain - (own.gain if own else 0))
    for offer in won.values():
        rows.append([-dict(offer.bundle).get(lot, 0) for lot in lots])
        least.append(-offer.gain)
    for place, lot in enumerate(lots):
        for sign in (1, -1) if left[lot] else (1,):
            rows.append([sign * (place == other) for other in range(len(lots))])
            least.append(0)
    keep = [k for k, row in enumerate(rows) if any(row)]
    return [rows[k] for k in keep], [least[k] for k in keep]


def lp_gap(sale: Sale, best: Proven) -> float:
    """How much more fractions of bundles would be worth, shown in fractions: positive exactly where no prices support.

    A gap can be a quarter of a cent beside billions: HiGHS only says which rows bind.
    """
    every = np.ones(sale.packing.columns, bool)
    shares = vertex(sale.packing, Relaxation(sale.packing).solve(every, ~every).share)
    gap = sum((share * int(sale.packing.gain[column]) for column, share in shares.items()), Fraction(-best.value))
    if gap <= 0:
        raise SolverFailedError("HiGHS finds neither supporting prices nor a gap")
    return float(gap)
