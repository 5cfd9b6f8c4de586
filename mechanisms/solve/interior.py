"""An interior point method for sharing resources among parties with concave gains, to the last digits.

A primal-dual path with Mehrotra's correction (Wright 1997, Primal-Dual Interior-Point Methods). Each variable belongs
to one party and uses one resource, so a step takes but one linear system with a row for each resource.
"""

from __future__ import annotations

import numpy as np

from mechanisms.solve.curves import Curve, Floats
from mechanisms.solve.errors import NotSolvedError
from mechanisms.solve.sharing import Aim, Point, Sharing, Targets

MOST_STEPS = 100
PATIENCE = 40
DONE = 1e-11
GOOD = 1e-7
NEARLY = 0.995
# Variables without curvature of their own get this much in a step's system, which costs steps but no precision.
LEAST_CURVATURE = 1e-8
LEAST_TARGET = 1e-16


def maximise(sharing: Sharing, aim: Aim) -> Point:
    """The optimum; NotSolvedError where none was reached."""
    with np.errstate(all="ignore"):
        return _Path(sharing, aim).run()


class _Path:
    def __init__(self, sharing: Sharing, aim: Aim) -> None:
        self.sharing, self.aim = sharing, aim
        self.most = np.where(np.isfinite(sharing.most), sharing.most, 1.05)  # 1 is all there is
        self.parties = len(sharing.base)
        self.rise = np.zeros(self.parties) if aim.rise is None else aim.rise
        self.pairs = 2 * len(self.most) + sharing.resources + int(aim.held.sum())
        self.cell = sharing.party * sharing.resources + sharing.resource

    def run(self) -> Point:
        """Steps until nothing is left to gain by another, and the best point on the way."""
        point = self._start()
        best, least, idle = point, np.inf, 0
        for _ in range(MOST_STEPS):
            here = _Here(self, point)
            wrong = max(here.mean, here.error)
            if not np.isfinite(wrong):
                break
            best, idle = (point, 0) if wrong < least else (best, idle + 1)
            least = min(least, wrong)
            if (least < DONE and here.mean < 20 * LEAST_TARGET) or idle > PATIENCE:
                break
            point = here.next()
        if least > GOOD:
            raise NotSolvedError(f"an error of {least:.1e} is left")
        return best

    def by_party(self, values: Floats) -> Floats:
        """Sums over each party's variables."""
        return np.bincount(self.sharing.party, values, self.parties).astype(float, copy=False)

    def by_resource(self, values: Floats) -> Floats:
        """Sums over each resource's variables."""
        return np.bincount(self.sharing.resource, values, self.sharing.resources).astype(float, copy=False)

    def _start(self) -> Point:
        sharing, aim = self.sharing, self.aim
        among = np.bincount(sharing.resource, minlength=sharing.resources)
        curves = sharing.curves
        variables = np.minimum(curves.start(1 / (among[sharing.resource] + 1.0)), self.most / 2)
        gain, use = curves.gain(variables), curves.use(variables)
        above = np.maximum(self.by_party(gain.value) + sharing.base, 0.1)
        floors = np.where(aim.held, np.where(aim.logs > 0, aim.logs / above, 1 / self.parties), 0.0)
        marginal = (floors + aim.weights)[sharing.party] * gain.slope
        prices = np.full(sharing.resources, 1e-3)
        np.maximum.at(prices, sharing.resource, marginal / use.slope)
        price = prices[sharing.resource]
        duals = np.maximum(price * use.slope - marginal, 0.1 * price)
        left = 1 - self.by_resource(use.value)
        return Point(variables, left, above, 0.0, duals, prices, floors, 0.1 * price)


class _Here:
    """One point of the path: what is wrong with it, and the step from it."""

    def __init__(self, path: _Path, point: Point) -> None:
        self.path, self.point = path, point
        sharing, aim = path.sharing, path.aim
        self.gain: Curve = sharing.curves.gain(point.variables)
        self.use: Curve = sharing.curves.use(point.variables)
        self.weight = (point.floors + aim.weights)[sharing.party]
        self.price = point.prices[sharing.resource]
        self.room = path.most - point.variables
        self.stands = path.by_party(self.gain.value) + sharing.base - path.rise * point.level
        self.used = path.by_resource(self.use.value)
        self.steep = self.weight * self.gain.slope - self.price * self.use.slope
        self.tilt = 0.0 if aim.rise is None else 1 - float(path.rise @ point.floors)
        self.short = np.where(aim.held, self.stands - point.above, 0.0)
        self.products = Targets(
            point.variables * point.duals,
            point.left * point.prices,
            np.where(aim.held, point.above * point.floors - aim.logs, 0.0),
            self.room * point.caps,
        )
        self.mean = self._mean(self.products)
        wrong = np.abs(self.steep + point.duals - point.caps) / np.maximum(1, self.price)
        over = np.abs(self.used + point.left - 1)
        self.error = max(wrong.max(initial=0), over.max(initial=0), np.abs(self.short).max(), abs(self.tilt))

    def _mean(self, products: Targets) -> float:
        return float(sum(np.abs(part).sum() for part in products) / self.path.pairs)

    def next(self) -> Point:
        """A step to where all products would be 0 shows how far they can fall; then the one that is taken."""
        self._factor()
        logs = self.path.aim.logs
        guess = self._direction(Targets(0.0, 0.0, logs, 0.0))
        there = self.point.moved(guess, *self._far(guess))
        reached = self._mean(
            Targets(
                there.variables * there.duals,
                there.left * there.prices,
                np.where(self.path.aim.held, there.above * there.floors - logs, 0.0),
                (self.path.most - there.variables) * there.caps,
            )
        )
        aimed = max(min(1.0, reached / self.mean) ** 3 * self.mean, LEAST_TARGET)
        step = self._direction(
            Targets(
                aimed - guess.variables * guess.duals,
                aimed - guess.left * guess.prices,
                logs + aimed - guess.above * guess.floors,
                aimed + guess.variables * guess.caps,
            )
        )
        primal, dual = self._far(step)
        return self.point.moved(step, min(1.0, NEARLY * primal), min(1.0, NEARLY * dual))

    def _factor(self) -> None:
        """What all directions from here share: variables and parties are eliminated, resources and the level stay."""
        path, point, aim = self.path, self.point, self.path.aim
        curvature = point.duals / point.variables + point.caps / self.room
        curvature += self.price * self.use.bend - self.weight * self.gain.bend
        self.give = 1 / np.maximum(curvature, LEAST_CURVATURE)
        self.floored = aim.held & (point.floors > 0)
        self.per_floor = 1 / np.where(self.floored, point.floors, 1.0)
        own = path.by_party(self.gain.slope**2 * self.give) + point.above * self.per_floor
        self.yielding = np.where(aim.held, 1 / own, 0.0)
        resources = path.sharing.resources
        cross = np.bincount(path.cell, self.gain.slope * self.use.slope * self.give, path.parties * resources)
        self.cross = cross.reshape(path.parties, resources)
        system = np.diag(path.by_resource(self.use.slope**2 * self.give) + point.left / point.prices)
        system -= self.cross.T @ (self.yielding[:, None] * self.cross)
        if aim.rise is not None:
            self.lift = self.yielding * aim.rise
            row = self.lift @ self.cross
            system = np.block([[system, -row[:, None]], [row, self.lift @ aim.rise]])
        try:
            self.inverse = np.linalg.inv(system)
        except np.linalg.LinAlgError as error:
            raise NotSolvedError("singular") from error

    def _direction(self, targets: Targets) -> Point:
        """Newton's direction to where the products come to the targets and nothing else is wrong."""
        path, point, sharing = self.path, self.point, self.path.sharing
        pull = self.steep + targets.duals / point.variables - targets.caps / self.room
        moved = pull * self.give
        wanted = np.where(path.aim.held, targets.floors * self.per_floor - self.stands, 0.0)
        wanted = wanted - path.by_party(self.gain.slope * moved)
        right = self.cross.T @ (self.yielding * wanted)
        right -= 1 - self.used - targets.prices / point.prices - path.by_resource(self.use.slope * moved)
        if path.aim.rise is None:
            prices, level = self.inverse @ right, 0.0
        else:
            both = self.inverse @ np.append(right, self.tilt - self.lift @ wanted)
            prices, level = both[:-1], float(both[-1])
        floors = self.yielding * (wanted + self.cross @ prices + path.rise * level)
        share = self.gain.slope * floors[sharing.party] - self.use.slope * prices[sharing.resource]
        variables = moved + share * self.give
        above = path.by_party(self.gain.slope * variables) - path.rise * level + self.short
        return Point(
            variables,
            (targets.prices - self.products.prices - point.left * prices) / point.prices,
            np.where(path.aim.held, above, 0.0),
            level,
            (targets.duals - self.products.duals - point.duals * variables) / point.variables,
            prices,
            floors,
            (targets.caps - self.products.caps + point.caps * variables) / self.room,
        )

    def _far(self, step: Point) -> tuple[float, float]:
        """How far variables and multipliers can go before one of them is 0."""
        point = self.point
        primal = ((point.variables, step.variables), (point.left, step.left), (point.above, step.above))
        dual = ((point.duals, step.duals), (point.prices, step.prices), (point.floors, step.floors))
        return (
            min(
                *(_room(*pair) for pair in primal),
                _room(self.room, -step.variables),
                _room(point.variables * self.path.sharing.curves.trusted, -step.variables),
            ),
            min(*(_room(*pair) for pair in dual), _room(point.caps, step.caps)),
        )


def _room(now: Floats, step: Floats) -> float:
    """The largest fraction of the step, up to 1, that leaves nothing negative."""
    worst = float((-step / np.maximum(now, 1e-300)).max(initial=0))
    return 1.0 if worst <= 1 else 1 / worst
