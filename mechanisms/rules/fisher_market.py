"""The Fisher market: everybody spends its budget on what gives it most for money, and everything is sold."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from mechanisms.bargaining.polishing import Local, Smooth, polish
from mechanisms.cases import nine_digits
from mechanisms.claims import fails, holds
from mechanisms.fisher import Allotted, Fisher
from mechanisms.params import Params
from mechanisms.solve.conic import NotSolvedError, Program, line, maximise
from mechanisms.spec import Spec
from mechanisms.types import Charge

TIGHT = 1e-6
HEAVY = 1e4


class FisherParams(Params):
    """Whether budgets are money."""

    money: Literal["token", "currency"] = Field(
        "token", title="Money", description="token: budgets are tokens and nothing is owed. currency: they are paid."
    )


SPEC = Spec(
    slug="fisher_market",
    title="Fisher market",
    summary="Divisible goods shared out at prices at which every budget is spent and everything is sold.",
    paper="Eisenberg and Gale (1959), Consensus of Subjective Probabilities; Varian (1974), Equity, Envy, Efficiency",
    pricing="At these prices everybody spent its budget on what it values most for the money, and all was sold.",
    kind="fisher",
    params=FisherParams,
    numeric=True,
    claims=(
        *holds("feasible", "pareto", "optimal_for_reports", "symmetric", "scale_invariant"),
        *fails("envy_free"),
        *holds("envy_free", assumes=("equal_budgets",)),
        *fails("truthful"),
    ),
)


def solve(problem: Fisher, params: FisherParams) -> Allotted:
    """Eisenberg-Gale for prices and utilities, then of all equilibrium shares those with the least sum of squares."""
    names, goods = problem.agents(), sorted(problem.goods)
    value = np.array([[float(problem.buyers[name][1].get(good, 0)) for good in goods] for name in names])
    supply = np.array([float(problem.goods[good]) for good in goods])
    budget = np.array([float(problem.buyers[name][0]) for name in names])
    # Everybody in its own unit and every good by its whole: then all numbers are around 1.
    scaled = value * supply / (value @ supply)[:, None]
    try:
        spent = equilibrium(scaled, budget / budget.sum())
    except NotSolvedError as error:
        return _unproven(problem, error.status)
    prices = spent.max(axis=0) * budget.sum() / supply
    shares = least_squares(spent, budget / budget.sum(), supply) * supply
    worth = (shares * value).sum(axis=1)
    paid = {name: problem.buyers[name][0] for name in names} if params.money == "currency" else {}
    return Allotted(
        mechanism=SPEC.slug,
        status="cleared",
        shares={
            name: {good: nine_digits(float(x)) for good, x in zip(goods, own, strict=True)}
            for name, own in zip(names, shares, strict=True)
        },
        prices={good: nine_digits(float(price)) for good, price in zip(goods, prices, strict=True)},
        utilities={name: nine_digits(float(own)) for name, own in zip(names, worth, strict=True)},
        payments=paid,
        charges=tuple(Charge(name, "@market", amount) for name, amount in paid.items()),
        certificate={"grade": "numeric"},
    )


def _unproven(problem: Fisher, status: str) -> Allotted:
    certificate = {"grade": "numeric", "solver": status}
    return Allotted(mechanism=SPEC.slug, status="unproven", shares={}, prices={}, utilities={}, certificate=certificate)


def equilibrium(value: np.ndarray, budget: np.ndarray) -> np.ndarray:
    """What a whole good is worth in money to each agent at its own rate (agents x goods); the price is the largest."""
    program = Program()
    agent, good = np.nonzero(value)
    share = [program.variable() for _ in agent]
    for index in share:
        program.positive(line({index: 1.0}))
    use = (good[None, :] == np.unique(good)[:, None]).astype(np.float64)
    prices = [program.positive(line({index: -1.0 for index in share if own[index]}, 1.0)) for own in use]
    slopes = np.where(agent[None, :] == np.arange(len(budget))[:, None], value[agent, good], 0.0)
    logs = [program.variable() for _ in budget]
    for log, own in zip(logs, slopes, strict=True):
        program.below_log(line({log: 1.0}), line({int(index): float(own[index]) for index in np.flatnonzero(own)}))
    solved = maximise(program, line({log: float(part) for log, part in zip(logs, budget, strict=True)}))
    start = np.maximum(solved.values[: len(share)], 0.0)
    local = lambda point: Local(slopes @ point, slopes, np.zeros(len(share)), agent)  # noqa: E731
    smooth = Smooth(local, use, np.ones(len(use)), budget, True)
    point, _ = polish(smooth, start / np.maximum(use.T @ (use @ start), 1.0), solved.multipliers[prices])
    return value * (budget / (slopes @ point))[:, None]


def least_squares(spent: np.ndarray, budget: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """Fractions of each good: bought only where best for the money, all sold, all spent, least squares of shares."""
    from scipy.optimize import nnls  # noqa: PLC0415 - heavy, and only this rule needs it

    price = spent.max(axis=0)
    agent, good = np.nonzero((spent >= price * (1 - TIGHT)) & (price > 0))
    sold = (good[None, :] == np.flatnonzero(price)[:, None]).astype(np.float64)
    paid = np.where(agent[None, :] == np.arange(len(budget))[:, None], price[good], 0.0)
    matrix, right = np.vstack([sold, paid]), np.concatenate([np.ones(len(sold)), budget])
    units = supply[good] / supply.max()
    heavy = np.vstack([matrix * HEAVY / units, np.eye(len(good))])
    squares, _ = nnls(heavy, np.concatenate([right * HEAVY, np.zeros(len(good))]), maxiter=100 * len(good))
    used = squares > 1e-9
    fractions = np.zeros(spent.shape)
    exact = np.linalg.lstsq(matrix[:, used] / units[used], right, rcond=1e-9)[0]
    fractions[agent[used], good[used]] = np.maximum(exact / units[used], 0.0)
    return fractions
