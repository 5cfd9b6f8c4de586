"""The check of outcomes that are no auctions: what all kinds share, and where each kind's own checks stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from importlib import import_module
from typing import Any

from mechanisms.cases import Case, Result
from mechanisms.check.finding import Finding
from mechanisms.digest import digest_of
from mechanisms.engine import prepare_any
from mechanisms.registry import get

# Each has consistent(problem, outcome), CHECKS (by outcome claim), TRIALS and BREAKERS (by rule claim); draws its own
# problems: draw(spec, rng, params, assumes), shuffled(problem, rng).
MODULES = {
    "bargaining": "mechanisms.check.bargains.kind",
    "scoring": "mechanisms.check.requests",
    "claims": "mechanisms.check.estates",
    "fisher": "mechanisms.check.fisher",
    "matching": "mechanisms.check.matchings",
    "haggling": "mechanisms.check.haggles",
    "dynamic": "mechanisms.check.sessions",
}


def kind_module(kind: str) -> Any:
    """The checks of that kind."""
    return import_module(MODULES[kind])


def verify_case(problem: Case, outcome: Result) -> list[Finding]:
    """Every finding against the outcome of this problem; empty means that nothing was found."""
    spec = get(outcome.mechanism)
    whole = prepare_any(spec, problem)
    own = kind_module(spec.kind)
    found = list(own.consistent(whole, outcome))
    owners = {lot.seller for lot in getattr(whole, "lots", ()) if lot.seller}
    found += charges_match(outcome, owners)
    broken = bool(found)
    if outcome.digest != digest_of(whole.to_dict(), spec.version, outcome.to_dict()):
        found.append(
            Finding("consistent", "wrong_digest", "the digest is not that of this problem and outcome", "/digest")
        )
    if broken:
        return found  # what is not even consistent need not be weighed
    for name, check in own.CHECKS.items():
        if spec.holds(name, whole.params):
            found += check(whole, outcome)
    return found


def charges_match(outcome: Result, outside: Collection[str] = ()) -> Iterator[Finding]:
    """Charges tell the same story as payments; "@market", and who owns a lot, stand outside."""
    net: dict[str, int] = defaultdict(int)
    for index, charge in enumerate(outcome.charges):
        net[charge.payer] += charge.amount
        net[charge.payee] -= charge.amount
        if charge.amount <= 0:
            yield Finding("consistent", "charge_not_positive", "a charge is positive", f"/charges/{index}/amount")
    for agent in sorted({*net, *outcome.payments} - {"@market", *outside}):
        if net[agent] != outcome.payments.get(agent, 0):
            yield Finding("consistent", "charges_differ", f"charges of {agent!r} are not its payment", "/payments")
