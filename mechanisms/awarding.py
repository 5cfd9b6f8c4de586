"""The outcome of a combinatorial sale: awards, payments, charges and the certificate with its proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mechanisms.bundles import Offer, Sale
from mechanisms.dividing import charges_of
from mechanisms.params import Params
from mechanisms.solve.errors import UnprovenError
from mechanisms.solve.proofs import proof_of, size_of
from mechanisms.solve.winners import Proven
from mechanisms.types import Award, Outcome, Problem, Status

MOST_MULTIPLIERS = 200_000


def outcome_of(
    sale: Sale,
    found: Proven,
    payments: Mapping[str, int],
    certificate: Mapping[str, Any],
    prices: Mapping[str, int] | None = None,
) -> Outcome:
    """A cleared outcome, or `no_trade` where nothing is awarded; `payments` has the winners."""
    won = sale.won(found)
    awards = tuple(Award(agent, dict(won[agent].bundle), won[agent].value) for agent in sorted(won))
    status: Status = "cleared" if awards else "no_trade"
    return _outcome(sale, status, awards, payments, certificate, found.value, prices or {})


def without_trade(sale: Sale, status: Status, **certificate: Any) -> Outcome:
    """Nothing is awarded and nobody pays: void, unproven or without equilibrium."""
    return _outcome(sale, status, (), {}, {**certificate, "budget_bound": sale.clipped}, 0, {})


def proven(problem: Problem, params: Params, clear: Callable[[Sale], Outcome]) -> Outcome:
    """What `clear` makes of the sale; `unproven` with bounds where one of its solves reached the node limit."""
    sale = Sale(problem, params)
    try:
        return clear(sale)
    except UnprovenError as error:
        return unproven(sale, error)


def unproven(sale: Sale, error: UnprovenError) -> Outcome:
    """The node limit was reached: the certificate has the bounds of the solve that did not end."""
    return without_trade(sale, "unproven", grade="none", bounds={"low": error.low, "high": error.high})


def _outcome(
    sale: Sale,
    status: Status,
    awards: tuple[Award, ...],
    payments: Mapping[str, int],
    certificate: Mapping[str, Any],
    welfare: int,
    prices: Mapping[str, int],
) -> Outcome:
    paid = {bid.agent: payments.get(bid.agent, 0) for bid in sale.bids}
    return Outcome(
        mechanism=sale.problem.mechanism,
        status=status,
        awards=awards,
        payments=paid,
        charges=charges_of(sale, {award.agent: _offer(sale, award) for award in awards}, paid),
        prices=dict(prices),
        welfare=welfare,
        revenue=sum(paid.values()),
        certificate=dict(certificate),
        digest="",
    )


def _offer(sale: Sale, award: Award) -> Offer:
    bundle = tuple(sorted(award.bundle.items()))
    return Offer(award.agent, bundle, award.value, award.value - sale.reserved(bundle))


def certified(sale: Sale, found: Proven, others: Mapping[str, Mapping[str, Proven]] | None = None) -> dict[str, Any]:
    """The certificate: the grade of all solves together, and their proofs where all of them are exact.

    `others` are further solves by kind and agent, such as `without`; each is told by its value and columns. Proofs that
    are too long to carry are left out, and nobody can check them: then the grade is `solver`, too.
    """
    rows = len(sale.packing.room)
    proof = proof_of(found, rows)
    told: dict[str, dict[str, dict[str, Any]]] = {
        kind: {
            name: {"welfare": other.value, "columns": list(other.chosen), "proof": proof_of(other, rows)}
            for name, other in sorted(solves.items())
        }
        for kind, solves in (others or {}).items()
    }
    proofs = [proof, *(entry["proof"] for entries in told.values() for entry in entries.values())]
    size = 0 if None in proofs else sum(map(size_of, proofs))
    exact = None not in proofs and size <= MOST_MULTIPLIERS
    if not exact:
        for entries in told.values():
            for entry in entries.values():
                del entry["proof"]
    grade = {"grade": "exact" if exact else "solver", "budget_bound": sale.clipped}
    proved = {"proof": proof} if exact else {"proofs_left_out": size} if size else {}
    chosen = {"columns": list(found.chosen)} if sale.programs else {}  # an atom tells its column, a bundle does not
    return {**grade, **chosen, **proved, **told}
