"""The core over bundles: that no coalition with the lots' owners could have more than its members got."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from mechanisms.check.bundles import DECIDED
from mechanisms.check.finding import Finding
from mechanisms.check.proofs import proves
from mechanisms.check.stated import Stated
from mechanisms.types import Outcome, Problem

MOST_TRIED = 200_000


def core_of_bundles(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Payments as they are charged, and where the certificate has exact ones, these too, leave nobody to block them."""
    if outcome.status not in DECIDED:
        return
    stated = Stated(problem)
    exact = exact_payments(outcome)
    tried = [outcome.payments] if exact is None else [exact, outcome.payments]
    if exact is not None and all(outcome.payments.get(agent, 0) >= paid for agent, paid in exact.items()):
        tried = [exact]  # what is rounded up moves from members to owners, so that it blocks no more than before
    for payments in tried:
        blocking = _blocking(stated, outcome, payments)
        if blocking is not None:
            yield Finding("core_for_reports", "blocked", blocking, "/payments")
            return


def exact_payments(outcome: Outcome) -> dict[str, Any] | None:
    """The payments before rounding, from the certificate."""
    told = outcome.certificate.get("payments_exact")
    return None if told is None else {agent: Fraction(text) for agent, text in told.items()}


def _blocking(stated: Stated, outcome: Outcome, payments: dict[str, Any]) -> str | None:
    """Who could have more: by the certificate's proof nobody, otherwise by trying all coalitions of a small problem."""
    gains, owners, scale = coalition_gains(stated, outcome, payments)
    for name in ("core", "proof"):  # where all pay what they stated, the proof of the welfare says it too
        proof = outcome.certificate.get(name)
        if proof is not None and proves(stated, gains, owners, proof, set(range(len(gains))), scale):
            return None
    if outcome.certificate.get("grade") == "solver":
        return None
    if stated.programs:
        return "the certificate does not show that no coalition could have more"
    columns, most = better_off(stated, gains, owners)
    names = ", ".join(sorted({stated.columns[column].agent for column in columns}))
    return f"{names} with the owners could have {Fraction(most - owners, scale)} more" if most > owners else None


def coalition_gains(stated: Stated, outcome: Outcome, payments: dict[str, Any]) -> tuple[list[int], int, int]:
    """For each column what it adds beyond what its agent has, what the owners have, and by what both are scaled.

    A coalition blocks if the gains of its columns sum to more than the owners have. What a winner by a program has
    already counts at its column 0.
    """
    scale = 1
    for amount in payments.values():
        scale = scale * Fraction(amount).denominator // _gcd(scale, Fraction(amount).denominator)
    has = {award.agent: award.value - payments.get(award.agent, 0) for award in outcome.awards}
    owners = outcome.welfare - sum(has.values())
    gains = [int(scale * (c.gain - (0 if c.place else has.get(c.agent, 0)))) for c in stated.columns]
    return gains, int(scale * owners), scale


def _gcd(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one


def better_off(stated: Stated, gains: list[int], enough: int) -> tuple[list[int], int]:
    """The first choice of columns whose gains sum to more than `enough`, or the best there is; tried one by one."""
    order = [place for place in sorted(range(len(gains)), key=lambda p: -gains[p]) if gains[place] > 0]
    best: tuple[list[int], int] = ([], 0)
    tried = 0
    stack: list[tuple[int, list[int], int]] = [(0, [], 0)]
    while stack and best[1] <= enough and tried < MOST_TRIED:
        at, chosen, total = stack.pop()
        tried += 1
        best = (chosen, total) if total > best[1] else best
        for place in range(at, len(order)):
            column = order[place]
            if stated.fits([*chosen, column]):
                stack.append((place + 1, [*chosen, column], total + gains[column]))
    return best
