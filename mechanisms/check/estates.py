"""Checks of a divided estate, by what characterises each rule; and random estates for the audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.check.finding import Finding
from mechanisms.check.lying import Lie
from mechanisms.claiming import Claims, Divided
from mechanisms.claims import Claim
from mechanisms.engine import clear
from mechanisms.spec import Spec

Pairs = dict[str, tuple[Fraction, Fraction]]


def _pairs(problem: Claims, outcome: Divided) -> Pairs:
    """Share and claim by agent."""
    return {name: (Fraction(outcome.fractions[name]), Fraction(claim)) for name, claim in problem.claims.items()}


def consistent(problem: Claims, outcome: Divided) -> Iterator[Finding]:
    """Fractions, numbers, payments and charges tell one story."""
    names = sorted(problem.claims)
    if outcome.status != "cleared" or not names == sorted(outcome.fractions) == sorted(outcome.shares):
        yield Finding("consistent", "shares_incomplete", "every claimant has a share", "/fractions")
        return
    if sorted(outcome.payments) != names or outcome.awards:
        yield Finding("consistent", "payments_incomplete", "payments have every claimant", "/payments")
        return
    for name in names:
        try:
            share = Fraction(outcome.fractions[name])
        except (ValueError, ZeroDivisionError):
            yield Finding("consistent", "no_fraction", "a share is a fraction", f"/fractions/{name}")
            return
        if str(share) != outcome.fractions[name] or float(share) != float(outcome.shares[name]):
            yield Finding("consistent", "wrong_number", "shares are the fractions as numbers", f"/shares/{name}")
        if abs(share + outcome.payments[name]) >= 1:
            yield Finding("consistent", "wrong_rounding", "a payment is the share to the unit", f"/payments/{name}")
    if any(charge.payer != "@market" for charge in outcome.charges):
        yield Finding("consistent", "wrong_payer", "the estate pays", "/charges")


def feasible(problem: Claims, outcome: Divided) -> Iterator[Finding]:
    """The whole estate is divided, up to the claims, in fractions and in units."""
    estate = min(problem.estate, sum(problem.claims.values()))
    if sum(share for share, _ in _pairs(problem, outcome).values()) != estate:
        yield Finding("feasible", "wrong_total", "shares do not sum to the estate", "/fractions")
    if -sum(outcome.payments.values()) != estate:
        yield Finding("feasible", "wrong_total", "payments do not sum to the estate", "/payments")
    for name, (share, claim) in _pairs(problem, outcome).items():
        if not 0 <= share <= claim or not 0 <= -outcome.payments[name] <= claim:
            yield Finding("feasible", "beyond_claim", f"{name!r} gets less than 0 or more than its claim", "/fractions")


def individually_rational(problem: Claims, outcome: Divided) -> Iterator[Finding]:
    """Nobody pays."""
    for name, paid in outcome.payments.items():
        if paid > 0:
            yield Finding("individually_rational", "claimant_pays", f"{name!r} pays", f"/payments/{name}")


def pareto(problem: Claims, outcome: Divided) -> Iterator[Finding]:
    """Nothing is kept back that somebody claims."""
    yield from (
        replace_claim(finding, "pareto") for finding in feasible(problem, outcome) if finding.code == "wrong_total"
    )


def replace_claim(finding: Finding, claim: str) -> Finding:
    """The same fault held against another claim."""
    return Finding(claim, finding.code, finding.detail, finding.pointer)


def envy_free(problem: Claims, outcome: Divided) -> Iterator[Finding]:
    """Nobody with an open claim sees another get more."""
    for name, (share, claim) in _pairs(problem, outcome).items():
        if any(share < other <= claim for other, _ in _pairs(problem, outcome).values()):
            yield Finding("envy_free", "envy", f"{name!r} would rather have another's share", f"/fractions/{name}")


def optimal_for_reports(problem: Claims, outcome: Divided) -> Iterator[Finding]:
    """The shares are those of the rule."""
    pairs = _pairs(problem, outcome)
    if not RIGHT[problem.params["rule"]](pairs, Fraction(problem.estate)):
        yield Finding("optimal_for_reports", "other_rule", "these are not the shares of the rule", "/fractions")


def _proportional(pairs: Pairs, estate: Fraction) -> bool:
    return all(s * d == t * c for (s, c), (t, d) in combinations(pairs.values(), 2))


def _equal_awards(pairs: Pairs, estate: Fraction) -> bool:
    most = max(share for share, _ in pairs.values())
    return all(share in (most, claim) for share, claim in pairs.values())


def _equal_losses(pairs: Pairs, estate: Fraction) -> bool:
    most = max(claim - share for share, claim in pairs.values())
    return all(share == 0 or claim - share == most for share, claim in pairs.values())


def _consistent_garments(pairs: Pairs, estate: Fraction) -> bool:
    """Aumann and Maschler: every two divide what they have together as the Mishna divides a contested garment."""
    for (s, c), (t, d) in combinations(pairs.values(), 2):
        both = s + t
        conceded = max(both - d, Fraction(0)), max(both - c, Fraction(0))
        if s != conceded[0] + (both - sum(conceded)) / 2:
            return False
    return True


def _first_come(pairs: Pairs, estate: Fraction) -> bool:
    """By who comes first, again and again; beyond a dozen claims only the sums are checked."""
    claims = [claim for _, claim in pairs.values()]
    if len(claims) > 12:
        return True

    @cache
    def share(left: Fraction, waiting: frozenset[int], index: int) -> Fraction:
        took = min(claims[index], left)
        rest = waiting - {index}
        later = sum((share(left - min(left, claims[j]), waiting - {j}, index) for j in rest), Fraction(0))
        return (took + later) / len(waiting)

    everybody = frozenset(range(len(claims)))
    return all(share(estate, everybody, index) == s for index, (s, _) in enumerate(pairs.values()))


RIGHT: dict[str, Callable[[Pairs, Fraction], bool]] = {
    "talmud": _consistent_garments,
    "proportional": _proportional,
    "cea": _equal_awards,
    "cel": _equal_losses,
    "random_arrival": _first_come,
}
CHECKS = {
    "feasible": feasible,
    "individually_rational": individually_rational,
    "pareto": pareto,
    "envy_free": envy_free,
    "optimal_for_reports": optimal_for_reports,
}


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """Up to five claims, often equal."""
    top = rng.choice([2, 10, 100])
    claims = {f"c{i}": rng.randint(0, top) for i in range(rng.randint(1, 5))}
    estate = rng.randint(0, max(1, sum(claims.values()) + 1))
    return {
        "mechanism": spec.slug,
        "params": params,
        "seed": f"{rng.getrandbits(16):04x}",
        "estate": estate,
        "claims": claims,
    }


def shuffled(problem: Claims, rng: Random) -> Claims:
    """The same claims in another order."""
    claims = list(problem.claims.items())
    rng.shuffle(claims)
    return replace(problem, claims=dict(claims))


def truthful(spec: Spec, claim: Claim, problem: Claims, rng: Random) -> Lie | None:
    """Whoever claims more gets more of what it truly had a claim to."""
    before = clear(problem)
    for name, stated in problem.claims.items():
        lied = replace(problem, claims={**problem.claims, name: 2 * stated + 1})
        got = min(Fraction(clear(lied).fractions[name]), Fraction(stated))
        gain = got - Fraction(before.fractions[name])
        if gain > 0:
            return Lie(problem, name, lied, float(gain))
    return None


def symmetric(spec: Spec, claim: Claim, problem: Claims, rng: Random) -> Lie | None:
    """Equal claims get unequal shares."""
    outcome = clear(problem)
    for one, other in combinations(problem.claims, 2):
        if problem.claims[one] == problem.claims[other] and outcome.fractions[one] != outcome.fractions[other]:
            return Lie(problem, one, problem, 0)
    return None


def scale_invariant(spec: Spec, claim: Claim, problem: Claims, rng: Random) -> Lie | None:
    """Everything counted in another unit, and the shares are not the same in that unit."""
    times = rng.randint(2, 5)
    claims = {name: times * stated for name, stated in problem.claims.items()}
    other = replace(problem, estate=times * problem.estate, claims=claims)
    after = clear(other).fractions
    if any(Fraction(after[name]) != times * Fraction(share) for name, share in clear(problem).fractions.items()):
        return Lie(problem, "", other, 0)
    return None


TRIALS = {"truthful": truthful, "symmetric": symmetric, "scale_invariant": scale_invariant}
BREAKERS: dict[str, dict[str, Any]] = {}
