"""Checks of shares and lotteries: a dual bound, recomputed from multipliers and prices, leaves no room above."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log
from typing import Any

from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.check.bargains.objectives import weights
from mechanisms.check.bargains.worlds import worlds
from mechanisms.check.finding import Finding

NEAR = 1e-6
HAIR = 2e-7


def value(term: dict[str, Any], x: float) -> float:
    """The term's utility of x units."""
    if term["kind"] == "piecewise":
        points = [(float(a), float(b)) for a, b in term["points"]]
        left = max((point for point in points if point[0] <= x), default=points[0])
        right = min((point for point in points if point[0] > x), default=left)
        return left[1] if right == left else left[1] + (x - left[0]) * (right[1] - left[1]) / (right[0] - left[0])
    c = float(term["coefficient"])
    r = float(term.get("rate", 1))
    forms = {"linear": lambda: x, "log": lambda: log(1 + r * x), "exponential": lambda: 1 - exp(-r * x)}
    return float(c * (forms[term["kind"]]() if term["kind"] in forms else x ** float(term["exponent"])))


def surplus(term: dict[str, Any], times: float, price: float, most: float) -> float:
    """The greatest times * utility - price * x over 0 <= x <= most."""
    candidates = [0.0, most]
    if term["kind"] == "piecewise":
        candidates += [min(most, float(x)) for x, _ in term["points"]]
    elif price > 0 and times > 0:
        c, r = times * float(term["coefficient"]), float(term.get("rate", 1))
        if term["kind"] == "power" and term["exponent"] < 1 and c > 0:
            e = float(term["exponent"])
            candidates.append((c * e / price) ** (1 / (1 - e)))
        elif term["kind"] == "log":
            candidates.append(c / price - 1 / r)
        elif term["kind"] == "exponential" and c * r > price:
            candidates.append(log(c * r / price) / r)
    return max(times * value(term, x) - price * x for x in (min(most, max(0.0, x)) for x in candidates))


def bound(problem: Bargain, times: dict[str, float], prices: dict[str, float]) -> float:
    """No point of the set has a greater sum of gains, weighed by `times`."""
    if not problem.resources:
        found = worlds(problem)
        slopes = [times[name] for name in found.parties]
        gains = [own for own in found.gains() if not _rational(problem) or min(own) >= 0]
        return max(sum(s * g for s, g in zip(slopes, own, strict=True)) for own in gains) / found.scale
    room = {name: float(amount) for name, amount in problem.resources.items()}
    most = sum(max(0.0, prices.get(name, 0.0)) * amount for name, amount in room.items())
    for name, party in problem.parties.items():
        most -= times[name] * float(party["disagreement"])
        for term in party["terms"]:
            resource = term["resource"]
            most += surplus(term, times[name], max(0.0, prices.get(resource, 0.0)), room[resource])
    return most


def _rational(problem: Bargain) -> bool:
    return bool(problem.params.get("individually_rational", True))


def stated(problem: Bargain) -> dict[str, float]:
    """The disagreement point."""
    if problem.resources:
        return {name: float(party["disagreement"]) for name, party in problem.parties.items()}
    found = worlds(problem)
    return {name: d / found.scale for name, d in zip(found.parties, found.disagreement, strict=True)}


def consistent(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Shares or chances are none negative and not too many, and utilities are theirs."""
    if outcome.status in ("disagreement", "unproven"):
        right = stated(problem)
    elif problem.resources:
        if sorted(outcome.shares) != sorted(problem.parties) or outcome.lottery or outcome.agreement:
            yield Finding("consistent", "shares_incomplete", "every party has its shares", "/shares")
            return
        yield from _shares(problem, outcome)
        terms = {name: party["terms"] for name, party in problem.parties.items()}
        right = {
            name: sum(value(t, max(0.0, float(outcome.shares[name].get(t["resource"], 0)))) for t in own)
            for name, own in terms.items()
        }
    else:
        found = worlds(problem)
        names = [part.agreement for part in outcome.lottery]
        if not names or outcome.shares or outcome.agreement or any(name not in found.names for name in names):
            yield Finding("consistent", "unknown_agreement", "a lottery is over agreements", "/lottery")
            return
        chances = [float(part.probability) for part in outcome.lottery]
        if min(chances) < 0 or abs(sum(chances) - 1) > NEAR:
            yield Finding("consistent", "wrong_chances", "chances sum to 1", "/lottery")
        rows = [found.utilities[found.names.index(name)] for name in names]
        if _rational(problem) and any(u < d for row in rows for u, d in zip(row, found.disagreement, strict=True)):
            yield Finding("consistent", "unacceptable", "somebody would refuse what may be drawn", "/lottery")
        means = [sum(c * u for c, u in zip(chances, own, strict=True)) for own in zip(*rows, strict=True)]
        right = {name: mean / found.scale for name, mean in zip(found.parties, means, strict=True)}
    if sorted(outcome.utilities) != sorted(right) or any(far(float(outcome.utilities[n]), right[n]) for n in right):
        yield Finding("consistent", "wrong_utilities", "utilities are not those of the shares", "/utilities")


def far(one: float, other: float) -> bool:
    """Further apart than the sixth digit."""
    return abs(one - other) > NEAR * (1 + abs(other))


def _shares(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    for resource, amount in problem.resources.items():
        used = [float(own.get(resource, 0)) for own in outcome.shares.values()]
        if min(used) < 0 or sum(used) > float(amount) * (1 + NEAR):
            yield Finding("consistent", "too_much", f"more of {resource!r} than there is", "/shares")


def individually_rational(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nobody has less than without an agreement."""
    for name, without in stated(problem).items():
        if float(outcome.utilities[name]) < without - NEAR * (1 + abs(without)):
            yield Finding(
                "individually_rational", "below_disagreement", f"{name!r} would rather disagree", "/utilities"
            )


def pareto(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nothing is left over that somebody wants, and the proof leaves no room."""
    for resource, amount in problem.resources.items() if outcome.status == "cleared" else ():
        left = float(amount) - sum(float(own.get(resource, 0)) for own in outcome.shares.values())
        for name, party in problem.parties.items():
            for term in party["terms"]:
                has = float(outcome.shares[name].get(resource, 0))
                if term["resource"] == resource and far(value(term, has + max(0.0, left)), value(term, has)):
                    yield Finding("pareto", "left_over", f"{name!r} could have more of {resource!r}", "/shares")
                    return
    if problem.params.get("definition") != "ray":
        yield from optimal_for_reports(problem, outcome, "pareto")


def optimal_for_reports(problem: Bargain, outcome: Bargained, claim: str = "optimal_for_reports") -> Iterator[Finding]:
    """What the rule maximises is within a millionth of the bound that multipliers and prices prove."""
    if outcome.status != "cleared":
        return
    levels = outcome.certificate.get("levels")
    if not levels:
        yield Finding(claim, "no_proof", "the certificate has no multipliers", "/certificate")
        return
    gains = {name: float(outcome.utilities[name]) - without for name, without in stated(problem).items()}
    if problem.mechanism in ("nash_bargaining", "utilitarian_bargaining"):
        good = _smooth(problem, gains, levels[0])
    else:
        good = all(_level(problem, gains, own, outcome.certificate.get("ideals") or {}) for own in levels)
    if not good:
        yield Finding(claim, "gap", "the proof leaves room for something better", "/certificate")


def _smooth(problem: Bargain, gains: dict[str, float], level: dict[str, Any]) -> bool:
    names = sorted(gains)
    power = dict(zip(names, map(float, weights(problem, names)), strict=True))
    scale = sum(power.values())
    if problem.mechanism == "nash_bargaining":
        times = {name: power[name] / scale / max(gains[name], 1e-300) for name in names}
        return bound(problem, times, level["prices"]) <= 1 + NEAR
    times = {name: max(float(level["multipliers"][name]), power[name] / scale) for name in names}
    reached = sum(power[name] / scale * gains[name] for name in names)
    return bound(problem, times, level["prices"]) <= reached + NEAR * (1 + abs(reached))


def _level(problem: Bargain, gains: dict[str, float], level: dict[str, Any], ideals: dict[str, float]) -> bool:
    """The least share among the active parties cannot rise while the others keep what they have."""
    times = {name: max(0.0, float(slope)) for name, slope in level["multipliers"].items()}
    unit = {name: float(ideals.get(name, 1.0)) for name in gains}
    active = level["active"]
    weight = sum(times[name] * unit[name] for name in active)
    if weight <= 0:
        return False
    kept = sum(times[name] * gains[name] for name in gains if name not in active)
    least = min(gains[name] / unit[name] for name in active)
    most = (bound(problem, times, level["prices"]) - kept) / weight
    # A hair of what the others keep may buy the active ones much more than a hair.
    return most <= least + NEAR * (1 + abs(least)) + HAIR * kept / weight
