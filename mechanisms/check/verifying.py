"""The whole check of one outcome, as production and `python -m mechanisms verify` run it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from mechanisms.cases import Case
from mechanisms.check.cases import verify_case
from mechanisms.check.claims import CHECKS
from mechanisms.check.finding import Finding
from mechanisms.check.payments import payments_right
from mechanisms.check.reports import traded
from mechanisms.check.slots import is_slots
from mechanisms.digest import digest_of
from mechanisms.engine import prepare
from mechanisms.registry import get
from mechanisms.types import Outcome, Problem


def verify(problem: Problem | Case, outcome: Any) -> list[Finding]:
    """Every finding against the outcome of this problem: sums, digest, and each outcome claim of its rule.

    Empty means that nothing was found. The problem must carry the params and the seed that the outcome was made with.
    """
    if isinstance(problem, Case):
        return verify_case(problem, outcome)
    if outcome.mechanism != problem.mechanism:
        return [Finding("consistent", "wrong_mechanism", "the outcome is another rule's", "/mechanism")]
    spec = get(outcome.mechanism)
    whole = prepare(spec, problem)
    found = list(consistent(whole, outcome))
    if outcome.digest != digest_of(whole.to_dict(), spec.version, outcome.to_dict()):
        found.append(
            Finding("consistent", "wrong_digest", "the digest is not that of this problem and outcome", "/digest")
        )
    for name, check in CHECKS.items():
        if spec.holds(name, whole.params):
            found += check(whole, outcome)
    if not any(finding.claim == "feasible" for finding in found):
        found += payments_right(whole, outcome)
    return found


def consistent(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Lists are sorted and complete, sums are sums, and charges tell the same story as payments."""
    if sorted(outcome.payments) != sorted(bid.agent for bid in problem.bids):
        yield Finding("consistent", "payments_incomplete", "payments have every bidder and nobody else", "/payments")
    if [award.agent for award in outcome.awards] != sorted({award.agent for award in outcome.awards}):
        yield Finding("consistent", "awards_unsorted", "awards are sorted by agent, each once", "/awards")
    if outcome.revenue != sum(outcome.payments.values()):
        yield Finding("consistent", "wrong_revenue", "revenue is the sum of payments", "/revenue")
    if outcome.welfare != sum(award.value for award in outcome.awards) - _kept(problem, outcome):
        yield Finding("consistent", "wrong_welfare", "welfare is accepted values minus the reserves sold", "/welfare")
    if (outcome.status == "cleared") != bool(outcome.awards):
        yield Finding("consistent", "wrong_status", "cleared means that something was awarded", "/status")
    yield from _charges_match(outcome)
    yield from _charges_known(problem, outcome)


def _kept(problem: Problem, outcome: Outcome) -> int:
    """What the reserves were worth: of units sold, of clicks sold, or (negative) of units that the market bought."""
    if get(outcome.mechanism).sides == "two":
        return 0
    if is_slots(problem):
        slots = dict(enumerate(problem.params["clicks"], start=1))
        return problem.lots[0].reserve * sum(slots.get(award.position or 0, 0) for award in outcome.awards)
    sign = -1 if problem.params.get("direction") == "buy" else 1
    units = {lot.id: sum(abs(n) for n in traded(outcome, lot.id).values()) for lot in problem.lots}
    return sign * sum(lot.reserve * units[lot.id] for lot in problem.lots)


def _charges_known(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Who pays is a bidder or the market's side; who is paid too: no stranger stands in a charge."""
    owners = {owner for lot in problem.lots for owner in (lot.seller, lot.buyer) if owner}
    known = {bid.agent for bid in problem.bids} | owners | {"@market"}
    for index, charge in enumerate(outcome.charges):
        if not {charge.payer, charge.payee} <= known or charge.payer == charge.payee:
            detail = "a charge is between bidders, sellers or buyers of lots, and the market"
            yield Finding("consistent", "charge_of_a_stranger", detail, f"/charges/{index}")


def _charges_match(outcome: Outcome) -> Iterator[Finding]:
    net: dict[str, int] = defaultdict(int)
    for index, charge in enumerate(outcome.charges):
        net[charge.payer] += charge.amount
        net[charge.payee] -= charge.amount
        if charge.amount <= 0:
            yield Finding("consistent", "charge_not_positive", "a charge is positive", f"/charges/{index}/amount")
    for agent, paid in outcome.payments.items():
        if net.get(agent, 0) != paid:
            yield Finding(
                "consistent", "charges_differ", f"charges of {agent!r} are not its payment", f"/payments/{agent}"
            )
