"""Checks of a matching: seats, blocking pairs, rings that would trade; and random pairings for the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import permutations
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.check.finding import Finding
from mechanisms.check.lying import Lie
from mechanisms.claims import Claim
from mechanisms.engine import clear
from mechanisms.matching import Matched, Pairing
from mechanisms.spec import Spec

NOTHING = 10**9


def consistent(problem: Pairing, outcome: Matched) -> Iterator[Finding]:
    """Every proposer is named, and no money moves."""
    if sorted(outcome.matching) != sorted(problem.proposers):
        yield Finding("consistent", "matching_incomplete", "every proposer stands in the matching once", "/matching")
    if outcome.payments or outcome.charges or outcome.awards:
        yield Finding("consistent", "money", "a matching moves no money", "/payments")
    if (outcome.status == "cleared") != any(outcome.matching.values()):
        yield Finding("consistent", "wrong_status", "cleared means that somebody is matched", "/status")


def _takes(problem: Pairing, receiver: str, proposer: str) -> bool:
    own = problem.receivers[receiver]
    return own is None or proposer in own


def _place(problem: Pairing, proposer: str, receiver: str | None) -> int:
    """How far down its list; no receiver comes after all of them."""
    wishes = problem.proposers[proposer]
    return wishes.index(receiver) if receiver in wishes else NOTHING


def _held(outcome: Matched, receiver: str) -> list[str]:
    return [name for name, got in outcome.matching.items() if got == receiver]


def feasible(problem: Pairing, outcome: Matched) -> Iterator[Finding]:
    """Nobody takes more than it has seats."""
    for name, receiver in outcome.matching.items():
        if receiver is not None and receiver not in problem.receivers:
            yield Finding("feasible", "unknown_receiver", f"nobody is called {receiver!r}", f"/matching/{name}")
    for receiver in problem.receivers:
        if len(_held(outcome, receiver)) > problem.capacities.get(receiver, 1):
            yield Finding("feasible", "no_seat", f"{receiver!r} has fewer seats", "/matching")


def individually_rational(problem: Pairing, outcome: Matched) -> Iterator[Finding]:
    """Only those are matched who listed each other."""
    for name, receiver in outcome.matching.items():
        if receiver in problem.receivers and (
            receiver not in problem.proposers[name] or not _takes(problem, receiver, name)
        ):
            yield Finding("individually_rational", "not_listed", f"{name!r} and {receiver!r}", f"/matching/{name}")


def _better(problem: Pairing, outcome: Matched, proposer: str) -> list[str]:
    """Receivers that would take the proposer and that it likes better than what it has."""
    has = _place(problem, proposer, outcome.matching[proposer])
    return [name for name in problem.proposers[proposer][:has] if _takes(problem, name, proposer)]


def _full(problem: Pairing, outcome: Matched, receiver: str) -> bool:
    return len(_held(outcome, receiver)) >= problem.capacities.get(receiver, 1)


def stable(problem: Pairing, outcome: Matched) -> Iterator[Finding]:
    """No proposer and receiver would both rather have each other."""
    ranks = problem.ranks()
    for proposer in problem.proposers:
        for receiver in _better(problem, outcome, proposer):
            worst = max((ranks[receiver].get(held, NOTHING) for held in _held(outcome, receiver)), default=-1)
            seats = problem.capacities.get(receiver, 1)
            if seats and (not _full(problem, outcome, receiver) or ranks[receiver][proposer] < worst):
                yield Finding("stable", "blocking_pair", f"{proposer!r} and {receiver!r}", f"/matching/{proposer}")


def pareto(problem: Pairing, outcome: Matched) -> Iterator[Finding]:
    """For proposers: no seat is free that one would rather have, and no ring of them would trade."""
    wants: dict[str, set[str]] = {}
    for proposer in problem.proposers:
        better = _better(problem, outcome, proposer)
        for receiver in better:
            if not _full(problem, outcome, receiver):
                yield Finding("pareto", "free_seat", f"{proposer!r} would rather have {receiver!r}", "/matching")
        if outcome.matching[proposer] is not None:
            wants[proposer] = {other for receiver in better for other in _held(outcome, receiver)}
    while wants:
        done = [name for name, others in wants.items() if not others & wants.keys()]
        if not done:
            yield Finding("pareto", "ring", f"some of {sorted(wants)} would trade", "/matching")
            return
        for name in done:
            del wants[name]


def envy_free(problem: Pairing, outcome: Matched) -> Iterator[Finding]:
    """No proposer would rather have what another has."""
    for proposer in problem.proposers:
        for receiver in _better(problem, outcome, proposer):
            if _held(outcome, receiver):
                yield Finding("envy_free", "envy", f"{proposer!r} wants {receiver!r}", f"/matching/{proposer}")


CHECKS = {
    "feasible": feasible,
    "individually_rational": individually_rational,
    "stable": stable,
    "pareto": pareto,
    "envy_free": envy_free,
}


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """Up to four on each side, some with several seats, some who list few."""
    proposers = [f"p{i}" for i in range(rng.randint(1, 4))]
    receivers = [f"r{i}" for i in range(rng.randint(1, 4))]
    full = rng.random() < 0.5
    return {
        "mechanism": spec.slug,
        "params": params,
        "seed": f"{rng.getrandbits(16):04x}",
        "proposers": {name: _wishes(rng, receivers, full) for name in proposers},
        "receivers": {name: None if rng.random() < 0.1 else _wishes(rng, proposers, full) for name in receivers},
        "capacities": {name: rng.randint(0, 2) for name in receivers if rng.random() < 0.3},
    }


def _wishes(rng: Random, others: list[str], full: bool) -> list[str]:
    return rng.sample(others, len(others) if full else rng.randint(0, len(others)))


def shuffled(problem: Pairing, rng: Random) -> Pairing:
    """The same pairing in another order."""
    proposers, receivers = list(problem.proposers.items()), list(problem.receivers.items())
    rng.shuffle(proposers)
    rng.shuffle(receivers)
    return replace(problem, proposers=dict(proposers), receivers=dict(receivers))


def truthful_for_proposers(spec: Spec, claim: Claim, problem: Pairing, rng: Random) -> Lie | None:
    """Some proposer gains by another list."""
    honest = clear(problem)
    for name in problem.proposers:
        has = _place(problem, name, honest.matching[name])
        for told in _lists(list(problem.receivers)):
            lied = replace(problem, proposers={**problem.proposers, name: told})
            gets = _place(problem, name, clear(lied).matching[name])
            if gets < has:
                return Lie(problem, name, lied, min(has, len(told)) - gets)
    return None


def truthful(spec: Spec, claim: Claim, problem: Pairing, rng: Random) -> Lie | None:
    """Some proposer gains by another list, or some receiver with one seat does."""
    found = truthful_for_proposers(spec, claim, problem, rng)
    if found is not None:
        return found
    honest = clear(problem)
    for name, own in problem.receivers.items():
        if own is None or problem.capacity(name) != 1:
            continue
        has = _best(own, _held(honest, name))
        for told in _lists(list(problem.proposers)):
            lied = replace(problem, receivers={**problem.receivers, name: told})
            gets = _best(own, _held(clear(lied), name))
            if gets < has:
                return Lie(problem, name, lied, min(has, len(own)) - gets)
    return None


def _best(own: tuple[str, ...], held: list[str]) -> int:
    return min((own.index(name) if name in own else NOTHING + 1 for name in held), default=NOTHING)


def _lists(others: list[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(others) + 1):
        yield from permutations(others, size)


TRIALS = {"truthful_for_proposers": truthful_for_proposers, "truthful": truthful}
BREAKERS: dict[str, dict[str, Any]] = {}
