"""Dividing an estate among claims that exceed it: the Talmud's rule and its rivals, in exact fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import factorial, floor
from typing import Literal

from pydantic import Field

from mechanisms.claiming import Claims, Divided, as_number
from mechanisms.claims import fails, holds
from mechanisms.errors import ProblemError
from mechanisms.params import Params
from mechanisms.spec import Spec
from mechanisms.ties import priority
from mechanisms.types import Charge

Shares = list[Fraction]
MOST_STATES = 2_000_000


class ClaimsParams(Params):
    """Which rule divides."""

    rule: Literal["talmud", "proportional", "cea", "cel", "random_arrival"] = Field(
        "talmud",
        title="Rule",
        description="talmud: half of each claim as gains, then as losses. proportional. cea: equal awards. "
        "cel: equal losses. random_arrival: first come first served, averaged over all orders.",
    )


SPEC = Spec(
    slug="claims_division",
    title="Claims division",
    summary="An estate that is too small for all claims on it, divided by one of five classic rules.",
    paper="O'Neill (1982); Aumann and Maschler (1985), Game Theoretic Analysis of a Bankruptcy Problem from the Talmud",
    pricing="The rule looks at the estate and the claims alone; single units left over go by largest remainder.",
    kind="claims",
    params=ClaimsParams,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "symmetric", "scale_invariant"),
        *fails("truthful", "envy_free"),
    ),
)


def solve(problem: Claims, params: ClaimsParams) -> Divided:
    """Exact shares, then whole units by largest remainder."""
    names, claims = problem.agents(), [problem.claims[name] for name in problem.agents()]
    estate = min(problem.estate, sum(claims))
    shares = RULES[params.rule](Fraction(estate), [Fraction(claim) for claim in claims])
    units = _whole(problem, names, shares, estate)
    return Divided(
        mechanism=SPEC.slug,
        status="cleared",
        shares={name: as_number(share) for name, share in zip(names, shares, strict=True)},
        fractions={name: str(share) for name, share in zip(names, shares, strict=True)},
        payments={name: -amount for name, amount in units.items()},
        charges=tuple(Charge("@market", name, amount) for name, amount in units.items() if amount),
        certificate={"grade": "exact", "left_over": problem.estate - estate},
    )


def _whole(problem: Claims, names: list[str], shares: Shares, estate: int) -> dict[str, int]:
    units = {name: floor(share) for name, share in zip(names, shares, strict=True)}
    rest = dict(zip(names, (share - floor(share) for share in shares), strict=True))
    left = estate - sum(units.values())
    for name in sorted(names, key=lambda name: (-rest[name], priority(problem.seed, name)))[:left]:
        units[name] += 1
    return units


def proportional(estate: Fraction, claims: Shares) -> Shares:
    """Each the same part of its claim."""
    total = sum(claims)
    return [estate * claim / total if total else Fraction(0) for claim in claims]


def equal_awards(estate: Fraction, claims: Shares) -> Shares:
    """Constrained equal awards: all the same, but nobody more than its claim."""
    shares, left = [Fraction(0)] * len(claims), estate
    order = sorted(range(len(claims)), key=lambda index: claims[index])
    for place, index in enumerate(order):
        shares[index] = min(claims[index], left / (len(claims) - place))
        left -= shares[index]
    return shares


def equal_losses(estate: Fraction, claims: Shares) -> Shares:
    """Constrained equal losses: all lose the same, but nobody more than its claim."""
    losses = equal_awards(sum(claims, Fraction(0)) - estate, claims)
    return [claim - loss for claim, loss in zip(claims, losses, strict=True)]


def talmud(estate: Fraction, claims: Shares) -> Shares:
    """Equal awards of half-claims up to half of the total, equal losses of half-claims beyond it."""
    halves = [claim / 2 for claim in claims]
    half = sum(halves, Fraction(0))
    if estate <= half:
        return equal_awards(estate, halves)
    return [h + share for h, share in zip(halves, equal_losses(estate - half, halves), strict=True)]


def random_arrival(estate: Fraction, claims: Shares) -> Shares:
    """The Shapley value: each order of arrival is as likely as any, and whoever arrives takes what it can."""
    return [_average(estate, claims, index) for index in range(len(claims))]


def _average(estate: Fraction, claims: Shares, index: int) -> Fraction:
    """Over how many came before and what they took: orders counted by sums, not one by one."""
    own, others = claims[index], [claim for place, claim in enumerate(claims) if place != index]
    ways: dict[tuple[int, Fraction], int] = {(0, Fraction(0)): 1}
    for claim in others:
        grown = dict(ways)
        for (size, taken), count in ways.items():
            if taken + claim < estate:
                key = (size + 1, taken + claim)
                grown[key] = grown.get(key, 0) + count
        ways = grown
        if len(ways) * len(claims) > MOST_STATES:
            raise ProblemError("too_many_claims", "too many different sums for random_arrival", "/claims")
    orders = factorial(len(claims))
    got = sum(
        count * factorial(size) * factorial(len(others) - size) * min(own, estate - taken)
        for (size, taken), count in ways.items()
    )
    return Fraction(got) / orders


RULES: dict[str, Callable[[Fraction, Shares], Shares]] = {
    "talmud": talmud,
    "proportional": proportional,
    "cea": equal_awards,
    "cel": equal_losses,
    "random_arrival": random_arrival,
}
