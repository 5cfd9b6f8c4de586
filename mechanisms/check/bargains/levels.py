"""Checks of the leximin of shares, level by level, and of the ideal gains that its units are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mechanisms.bargaining.types import Bargain
from mechanisms.check.bargains.worth import Numbers, bound, gains, value, whole_stock

NEAR = 1e-6


def levels_right(
    problem: Bargain, shares: Mapping[str, Mapping[str, Any]], units: Numbers, levels: list[dict[str, Any]]
) -> bool:
    """Each level's bound shows that the least gain over units can be no greater, and who cannot have more than it.

    Who leaves has a multiplier: a gain above the level would lift the weighed sum above the bound. A resource leaves
    with a price: using less of it for those who leave would do the same. So the others go on without both.
    """
    have, stock, active = gains(problem, shares), whole_stock(problem), set(problem.parties)
    for place, level in enumerate(levels):
        later = levels[place + 1] if place + 1 < len(levels) else {"active": [], "prices": {}}
        staying = active - set(later["active"])
        if set(level["active"]) != active or not staying or not set(later["active"]) < active:
            return False
        step = _Level(problem, level, units, stock, active)
        if not step.tight() or any(have[name] < units[name] * step.least - step.hair * units[name] for name in active):
            return False
        if not all(step.leaves(name) and _near(have[name] / units[name], step.least) for name in staying):
            return False
        active -= staying
        closed = stock.keys() - later["prices"].keys() if active else set()
        if not all(step.closes(resource) for resource in closed):
            return False
        if active and any(_wasted(problem, shares, name, stock.keys() - closed) for name in staying):
            return False
        stock = {
            resource: max(0.0, amount - sum(float(shares[name].get(resource, 0)) for name in staying))
            for resource, amount in stock.items()
            if resource not in closed
        }
    return not active


class _Level:
    """One level's bound, and what follows from it."""

    def __init__(
        self, problem: Bargain, level: dict[str, Any], units: Numbers, stock: Numbers, active: set[str]
    ) -> None:
        self.level, self.units, self.stock = level, units, stock
        self.times = {name: max(0.0, float(level["multipliers"][name])) for name in sorted(active)}
        self.weight = sum(slope * units[name] for name, slope in self.times.items())
        self.least = float(level["least"])
        self.hair = NEAR * (1 + abs(self.least))
        most = bound(problem, self.times, level["prices"], stock) / self.weight if self.weight > 0 else float("inf")
        self.slack = max(0.0, most - self.least)

    def tight(self) -> bool:
        """Whether no least gain is greater."""
        return self.slack <= self.hair

    def leaves(self, name: str) -> bool:
        """Whether this party cannot have more than the level, as long as nobody has less."""
        return self.slack <= self.hair * self.times[name] * self.units[name] / self.weight

    def closes(self, resource: str) -> bool:
        """Whether nobody but those who leave can have any of this resource."""
        paid = max(0.0, float(self.level["prices"].get(resource, 0.0))) * self.stock[resource]
        return self.stock[resource] == 0 or self.slack <= NEAR * paid / self.weight


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR * (1 + abs(other))


def _wasted(problem: Bargain, shares: Mapping[str, Mapping[str, Any]], name: str, among: Any) -> bool:
    """Whether a party that leaves takes what it could do without of the resources that go on."""
    for term in problem.parties[name]["terms"]:
        held = float(shares[name].get(term["resource"], 0))
        needed = term["kind"] == "exponential" or value(term, held) > value(term, held * (1 - 1e-3))
        if term["resource"] in among and held > NEAR and not needed:
            return True
    return False


def on_the_ray(
    problem: Bargain, shares: Mapping[str, Mapping[str, Any]], units: Numbers, level: dict[str, Any]
) -> bool:
    """All have the same share of their ideal gains, or more without any resources; none is greater for all."""
    have = gains(problem, shares)
    step = _Level(problem, level, units, whole_stock(problem), set(have))
    return step.tight() and all(
        _near(gain / units[name], step.least) or (gain > units[name] * step.least and not any(shares[name].values()))
        for name, gain in have.items()
    )


def ideals_right(problem: Bargain, ideals: Mapping[str, Mapping[str, Any]]) -> bool:
    """Each ideal gain is reached by the shares beside it, with which nobody loses, and its bound allows no more."""
    return set(ideals) == set(problem.parties) and all(_ideal_right(problem, name, top) for name, top in ideals.items())


def _ideal_right(problem: Bargain, name: str, top: Mapping[str, Any]) -> bool:
    stock, gain = whole_stock(problem), float(top["gain"])
    shares = top["shares"]
    used = {resource: [float(own.get(resource, 0)) for own in shares.values()] for resource in stock}
    if any(min(own) < 0 or sum(own) > stock[resource] * (1 + NEAR) for resource, own in used.items()):
        return False
    have = gains(problem, shares)
    if gain <= 0 or not _near(have[name] / gain, 1) or min(have.values()) < -NEAR:
        return False
    times = {other: max(0.0, float(top["multipliers"][other])) for other in problem.parties}
    times[name] = max(1.0, times[name])
    return bound(problem, times, top["prices"], stock) <= gain * (1 + NEAR)
