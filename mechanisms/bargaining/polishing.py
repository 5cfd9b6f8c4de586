"""Newton's last steps: from within a millionth of a flat maximum, where interior points end, to nine digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
STEPS = 6


@dataclass(frozen=True)
class Local:
    """Gains at a point, their slopes (parties x variables), and each variable's own curvature in its owner's gain."""

    gains: Floats
    slopes: Floats
    bends: Floats
    owners: NDArray[np.intp]


@dataclass(frozen=True)
class Smooth:
    """A concave problem without its cones: `use` (resources x variables, 0 or 1) x variables is at most `amount`."""

    at: Callable[[Floats], Local]
    use: Floats
    amount: Floats
    weights: Floats
    logs: bool
    corners: tuple[tuple[float, ...], ...] = ()


def polish(problem: Smooth, start: Floats, prices: Floats) -> tuple[Floats, Floats]:
    """The stationary point next to `start`, and its prices; both as they are where the steps lead astray.

    A variable is free if it is far from zero by comparison with what it costs to move it; one that a step takes below
    zero stays there.
    """
    local = problem.at(start)
    if problem.logs and local.gains.min() <= 0:
        return start, prices
    tight = prices > 1e-9 * max(1.0, float(prices.max(initial=0.0)))
    cost = prices @ problem.use - _gradient(problem, local)
    free = start * np.maximum(problem.use.T @ prices, 1e-12) > np.abs(cost) * (problem.use.T @ problem.amount)
    point, price = np.where(free, start, 0.0), prices.copy()
    _pin(problem, start, point, free)
    for _ in range(STEPS):
        local = problem.at(point)
        use = problem.use[np.ix_(tight, free)]
        if (problem.logs and local.gains.min() <= 0) or not free.any() or (use.sum(axis=1) == 0).any():
            return start, prices
        step, price[tight] = _newton(problem, local, point, free, use, tight, price[tight])
        point[free] += step
        below = free & (point < 0)
        point[below], free = 0.0, free & ~below
        if not below.any() and np.abs(step).max() <= 1e-13 * max(1.0, float(np.abs(point).max())):
            break
    near = np.isfinite(point).all() and np.abs(point - start).max() <= 1e-3 * max(1.0, float(problem.amount.max()))
    fits = near and (problem.use @ point <= problem.amount * (1 + 1e-12) + 1e-12).all()
    return (point, np.maximum(price, 0.0)) if fits else (start, prices)


def _pin(problem: Smooth, start: Floats, point: Floats, free: Mask) -> None:
    """What stands at a corner of its pieces stays there."""
    for index, own in enumerate(problem.corners):
        at = next((corner for corner in own if abs(start[index] - corner) < 1e-5 * max(1.0, corner)), None)
        if at is not None and at > 0:
            point[index], free[index] = at, False


def _gradient(problem: Smooth, local: Local) -> Floats:
    return (problem.weights / local.gains if problem.logs else problem.weights) @ local.slopes


def _newton(
    problem: Smooth, local: Local, point: Floats, free: Mask, use: Floats, tight: Mask, price: Floats
) -> tuple[Floats, Floats]:
    slope = problem.weights / local.gains if problem.logs else problem.weights
    curve = np.diag((slope[local.owners] * local.bends)[free])
    if problem.logs:
        own = local.slopes[:, free]
        curve = curve - own.T @ (own * (problem.weights / local.gains**2)[:, None])
    count, rows = curve.shape[0], use.shape[0]
    # A trace of curvature picks one of many points that are equally good.
    curve = curve - 1e-11 * max(1.0, float(np.abs(curve).max())) * np.eye(count)
    system = np.block([[curve, -use.T], [use, np.zeros((rows, rows))]])
    missing = problem.amount[tight] - problem.use[tight] @ point
    right = np.concatenate([use.T @ price - (slope @ local.slopes)[free], missing])
    try:
        solution = np.linalg.solve(system, right)
    except np.linalg.LinAlgError:
        return np.zeros(count), price
    return solution[:count], price + solution[count:]
