"""A bargain over resources in its own units: of each resource there is 1, and each party's greatest gain is 1."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, log1p
from typing import Any, NamedTuple

import numpy as np

from mechanisms.bargaining.types import Bargain
from mechanisms.solve.curves import Curves, Floats
from mechanisms.solve.sharing import Sharing


class Piece(NamedTuple):
    """One variable: its term's kind and numbers, of a whole resource; `most` of it; what all of it is worth."""

    kind: str
    times: float
    rate: float
    most: float
    worth: float


@dataclass(frozen=True, eq=False)
class Economy:
    """Who shares what. `top`: what each party gains with everything there is; `sharing` counts gains in `unit`."""

    parties: list[str]
    resources: list[str]
    amount: Floats
    top: Floats
    unit: Floats
    sharing: Sharing

    def shares(self, variables: Floats) -> dict[str, dict[str, float]]:
        """Shares by party and resource; nobody has a dust of what it does not want, nor all together too much."""
        used = self.sharing.curves.use(np.maximum(variables, 0.0)).value
        kept = np.where(used > 1e-15, used, 0.0)
        total = np.bincount(self.sharing.resource, kept, len(self.resources))
        kept *= np.minimum(1.0, 1 / np.maximum(total, 1.0))[self.sharing.resource]
        held = kept * self.amount[self.sharing.resource]
        found: dict[str, dict[str, float]] = {name: {} for name in self.parties}
        for party, resource, share in zip(self.sharing.party, self.sharing.resource, held.tolist(), strict=True):
            own, name = found[self.parties[party]], self.resources[resource]
            own[name] = own.get(name, 0.0) + share
        return found


def economy(
    problem: Bargain, parties: Collection[str] | None = None, amounts: Mapping[str, float] | None = None
) -> Economy:
    """The economy of all parties and resources, or of what is left of them."""
    names = sorted(problem.parties if parties is None else parties)
    stock = {name: float(amount) for name, amount in problem.resources.items()} if amounts is None else amounts
    resources = sorted(name for name, amount in stock.items() if amount > 0)
    places = {name: place for place, name in enumerate(resources)}
    party, resource, pieces, base = [], [], [], []
    for index, name in enumerate(names):
        own = problem.parties[name]
        nothing = -float(own["disagreement"])
        for term in own["terms"]:
            nothing += _nothing(term)
            for piece in _pieces(term, stock.get(term["resource"], 0.0)):
                party.append(index)
                resource.append(places[term["resource"]])
                pieces.append(piece)
        base.append(nothing)
    kinds, times, rates, most, worth = zip(*pieces, strict=True) if pieces else ((),) * 5
    owner = np.array(party, np.intp)
    top = (np.bincount(owner, worth, len(names)) + base).astype(float, copy=False)
    unit = np.where(top > 0, top, 1.0)
    curves = Curves(kinds, np.array(times) / unit[owner], rates)
    start = np.array(base) / unit
    sharing = Sharing(owner, np.array(resource, np.intp), curves, np.array(most), start, len(resources))
    return Economy(names, resources, np.array([stock[name] for name in resources]), top, unit, sharing)


def _nothing(term: dict[str, Any]) -> float:
    return float(term["points"][0][1]) if term["kind"] == "piecewise" else 0.0


def _pieces(term: dict[str, Any], amount: float) -> Iterator[Piece]:
    """A term's variables, none where nothing of the resource is worth anything."""
    kind = term["kind"]
    if amount <= 0:
        return
    if kind == "piecewise":
        yield from _segments(term["points"], amount)
        return
    times = float(term["coefficient"])
    if times <= 0:
        return
    if kind == "linear" or (kind == "power" and term["exponent"] == 1):
        yield Piece("linear", times * amount, 1.0, inf, times * amount)
    elif kind == "power":
        exponent = float(term["exponent"])
        yield Piece("power", times * amount**exponent, exponent, inf, times * amount**exponent)
    else:
        rate = float(term["rate"]) * amount
        yield Piece(kind, times, rate, inf, times * (log1p(rate) if kind == "log" else 1 - exp(-rate)))


def _segments(points: list[list[Any]], amount: float) -> Iterator[Piece]:
    for (x, low), (beyond, high) in pairwise((float(x), float(u)) for x, u in points):
        if x < amount and high > low:
            length = min(beyond, amount) - x
            slope = (high - low) / (beyond - x)
            yield Piece("linear", slope * amount, 1.0, length / amount, slope * length)
