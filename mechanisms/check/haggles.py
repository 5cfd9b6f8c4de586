"""Checks of a haggle by its moves alone, and random haggles for the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import product
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.check.finding import Finding
from mechanisms.haggling.types import Haggle, Struck
from mechanisms.spec import Spec


def _ending(problem: Haggle) -> tuple[str, dict[str, Any] | None]:
    """How the last move ends it, and the offer that stands then."""
    offers = [move for move in problem.moves if move.type == "offer"]
    last = problem.moves[-1].type if problem.moves else ""
    return last, offers[-1].data["agreement"] if offers and last == "accept" else None


def consistent(problem: Haggle, outcome: Struck) -> Iterator[Finding]:
    """What was agreed is the last offer, if the last move accepts it; utilities and charges are those of it."""
    last, offer = _ending(problem)
    rounds = sum(move.type == "offer" for move in problem.moves)
    if outcome.agreement != offer or (outcome.status == "cleared") != (last == "accept"):
        yield Finding("consistent", "not_what_was_agreed", "the outcome is not how the moves end", "/agreement")
        return
    if outcome.certificate.get("ended") != last or outcome.certificate.get("round") != rounds:
        yield Finding("consistent", "not_what_was_agreed", "it ended otherwise, or in another round", "/certificate")
    due: dict[str, int] = dict.fromkeys(sorted(problem.parties), 0) if problem.transfers else {}
    for transfer in problem.transfers:
        if offer is None:
            break
        due[transfer["payer"]] += int(offer[transfer["issue"]])
        due[transfer["payee"]] -= int(offer[transfer["issue"]])
    if outcome.payments != due:
        yield Finding("consistent", "wrong_charges", "payments are not what the agreement says", "/payments")
    if outcome.utilities != _utilities(problem, offer, rounds):
        yield Finding("consistent", "wrong_utilities", "utilities are not those of the agreement", "/utilities")


def _utilities(problem: Haggle, offer: dict[str, Any] | None, rounds: int) -> dict[str, Any]:
    if not all(problem.parties.values()):
        return {}
    found = {}
    with localcontext(prec=200):
        for name, party in problem.parties.items():
            worth = _worth(party, offer)
            delay = _delay(problem, rounds)
            if party.get("discount") is not None and delay:
                with localcontext(prec=50):
                    worth = worth * Decimal(party["discount"]) ** delay
                worth = Decimal(f"{worth:.8e}")
            found[name] = worth
    return found


def _delay(problem: Haggle, rounds: int) -> int:
    if problem.params.get("discount_per") != "second":
        return max(0, rounds - 1)
    ended, opened = (datetime.fromisoformat(str(at)) for at in (problem.moves[-1].at, problem.opened_at))
    return int((ended - opened).total_seconds())


def _worth(party: dict[str, Any], offer: dict[str, Any] | None) -> Decimal:
    if offer is None:
        return Decimal(party["reservation"])
    own = (Decimal(party["weights"][name]) * Decimal(party["values"][name][str(v)]) for name, v in offer.items())
    return sum(own, Decimal(0))


def feasible(problem: Haggle, outcome: Struck) -> Iterator[Finding]:
    """Each issue has one of its values."""
    for issue, value in (outcome.agreement or {}).items():
        if value not in problem.issues.get(issue, ()):
            yield Finding("feasible", "outside_domain", f"{issue!r} has no such value", f"/agreement/{issue}")


def budget_balanced(problem: Haggle, outcome: Struck) -> Iterator[Finding]:
    """What one pays the other receives."""
    if sum(outcome.payments.values()) != 0:
        yield Finding("budget_balanced", "surplus_or_deficit", "payments do not sum to 0", "/payments")


def individually_rational(problem: Haggle, outcome: Struck) -> Iterator[Finding]:
    """Nobody agreed to less than its reservation."""
    for name, party in problem.parties.items() if outcome.agreement else ():
        if party and _worth(party, outcome.agreement) < _worth(party, None):
            yield Finding("individually_rational", "below_reservation", f"{name!r} agreed to too little", "/agreement")


def pareto(problem: Haggle, outcome: Struck) -> Iterator[Finding]:
    """No other agreement is at least as good for both and better for one."""
    if not all(problem.parties.values()):
        return
    parties = list(problem.parties.values())
    mine = [_worth(party, outcome.agreement) for party in parties]
    for values in product(*problem.issues.values()):
        other = [_worth(party, dict(zip(problem.issues, values, strict=True))) for party in parties]
        if other != mine and all(x >= y for x, y in zip(other, mine, strict=True)):
            yield Finding("pareto", "dominated", f"{values} would be better", "/agreement")
            return


CHECKS = {
    "feasible": feasible,
    "budget_balanced": budget_balanced,
    "individually_rational": individually_rational,
    "pareto": pareto,
}
TRIALS: dict[str, Any] = {}
BREAKERS: dict[str, dict[str, Any]] = {}


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """Two parties who offer anything and accept one time in two."""
    issues: dict[str, list[Any]] = {"price": [10, 20, 30], "colour": ["red", "blue"]}
    parties = {}
    for name in ("ann", "bob"):
        values = {issue: {str(value): rng.randint(0, 4) / 4 for value in own} for issue, own in issues.items()}
        weights = {issue: rng.randint(0, 10) / 10 for issue in issues}
        parties[name] = {"weights": weights, "values": values, "reservation": rng.choice([0, 0.5]), "discount": 0.9}
    timed = {**params, "first": rng.choice(["", "ann"]), "answer_s": None}
    if params.get("discount_per") == "second":
        timed["answer_s"] = rng.choice([None, 60])
    data: dict[str, Any] = {"mechanism": spec.slug, "params": timed, "issues": issues, "parties": parties}
    if rng.random() < 0.5:
        data["transfers"] = [{"issue": "price", "payer": "ann", "payee": "bob"}]
    return data | {"opened_at": "2026-03-01T12:00:00Z", "moves": _moves(rng, issues, params.get("rounds", 1))}


def _moves(rng: Random, issues: dict[str, list[Any]], rounds: int) -> list[dict[str, Any]]:
    """Offers by turns, each answered by the next, which is the last at the end of the rounds."""
    moves: list[dict[str, Any]] = []
    offering, other = "ann", "bob"
    for number in range(rounds):
        agreement = {issue: rng.choice(values) for issue, values in issues.items()}
        moves.append({"agent": offering, "type": "offer", "data": {"agreement": agreement}})
        last = number == rounds - 1 or rng.random() < 0.5
        if last:
            moves.append({"agent": other, "type": rng.choice(["accept", "accept", "walk_away"])})
            break
        offering, other = other, offering
    return [{"n": n + 1, **move, "at": f"2026-03-01T12:00:{n % 60:02}Z"} for n, move in enumerate(moves)]


def shuffled(problem: Haggle, rng: Random) -> Haggle:
    """The same haggle with its parties in another order; moves have an order of their own."""
    parties = list(problem.parties.items())
    rng.shuffle(parties)
    return replace(problem, parties=dict(parties))
