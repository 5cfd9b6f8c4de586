"""The Fisher market: everybody spends its budget on what gives it most for money, and everything is sold."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from mechanisms.cases import nine_digits
from mechanisms.check import fisher as proofs
from mechanisms.claims import fails, holds
from mechanisms.fisher import Allotted, Fisher
from mechanisms.params import Params
from mechanisms.solve.curves import Curves
from mechanisms.solve.errors import NotSolvedError
from mechanisms.solve.interior import maximise
from mechanisms.solve.sharing import Aim, Sharing
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
    fractions, multipliers = least_squares(spent, budget / budget.sum(), supply)
    shares = fractions * supply
    worth = (shares * value).sum(axis=1)
    paid = {name: problem.buyers[name][0] for name in names} if params.money == "currency" else {}
    outcome = Allotted(
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
        certificate={"grade": "numeric", "squares": _squares(multipliers, names, goods, supply, budget)},
    )
    checks = (proofs.consistent, proofs.feasible, proofs.pareto)  # as verify has them, on what will be published
    refuted = any(finding for check in checks for finding in check(problem, outcome))
    return _unproven(problem, "the proof leaves room for something better") if refuted else outcome


def _squares(
    multipliers: np.ndarray, names: list[str], goods: list[str], supply: np.ndarray, budget: np.ndarray
) -> dict[str, dict[str, float]]:
    """The multipliers in units of the goods and of money."""
    most = supply.max()
    by_good = most**2 / supply * multipliers[: len(goods)]
    by_agent = most**2 / budget.sum() * multipliers[len(goods) :]
    return {
        "goods": dict(zip(goods, by_good.tolist(), strict=True)),
        "agents": dict(zip(names, by_agent.tolist(), strict=True)),
    }


def _unproven(problem: Fisher, status: str) -> Allotted:
    certificate = {"grade": "numeric", "solver": status}
    return Allotted(mechanism=SPEC.slug, status="unproven", shares={}, prices={}, utilities={}, certificate=certificate)


def equilibrium(value: np.ndarray, budget: np.ndarray) -> np.ndarray:
    """What a whole good is worth in money to each agent at its own rate (agents x goods); the price is the largest."""
    agent, good = np.nonzero(value)
    goods, wanted = np.unique(good, return_inverse=True)
    each = np.ones(len(agent))
    curves = Curves(["linear"] * len(agent), value[agent, good], each)
    nothing = np.zeros(len(budget))
    sharing = Sharing(agent, wanted, curves, np.full(len(agent), np.inf), nothing, len(goods))
    point = maximise(sharing, Aim(budget, nothing, budget > 0))
    return value * (budget / point.above)[:, None]


def least_squares(spent: np.ndarray, budget: np.ndarray, supply: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractions of each good: bought only where best for the money, all sold, all spent, least squares of shares.

    Beside them a multiplier for each good sold and for each agent: no equilibrium's shares have a smaller sum of
    squares than they show by weak duality.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - heavy, and only this rule needs it

    price = spent.max(axis=0)
    agent, good = np.nonzero((spent >= price * (1 - TIGHT)) & (price > 0))
    sold = (good[None, :] == np.flatnonzero(price)[:, None]).astype(np.float64)
    paid = np.where(agent[None, :] == np.arange(len(budget))[:, None], price[good], 0.0)
    right = np.concatenate([np.ones(len(sold)), budget])
    units = supply[good] / supply.max()
    matrix = np.vstack([sold, paid]) / units
    heavy = np.vstack([matrix * HEAVY, np.eye(len(good))])
    squares, _ = nnls(heavy, np.concatenate([right * HEAVY, np.zeros(len(good))]), maxiter=100 * len(good))
    used = squares > 1e-9
    exact = np.linalg.lstsq(matrix[:, used], right, rcond=1e-9)[0]
    proof = HEAVY**2 * (right - matrix @ squares)
    proof += np.linalg.lstsq(matrix[:, used].T, exact - matrix[:, used].T @ proof, rcond=1e-9)[0]
    fractions = np.zeros(spent.shape)
    fractions[agent[used], good[used]] = np.maximum(exact / units[used], 0.0)
    multipliers = np.zeros(spent.shape[1] + len(budget))
    multipliers[np.concatenate([price > 0, np.ones(len(budget), bool)])] = proof
    return fractions, multipliers
