"""From a solution's maximisers to an outcome: who may be compared, ties, and what is owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from mechanisms.bargaining.front import pareto_front
from mechanisms.bargaining.table import Table, table_of
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.decimals import Exact
from mechanisms.ties import priority
from mechanisms.types import Award, Charge

Pick = Callable[[Table, np.ndarray], np.ndarray]


def settle(problem: Bargain, pick: Pick, *, rational: bool = True) -> Bargained:
    """The outcome of a solution over finitely many agreements.

    `pick(table, rows)` gives the maximisers among `rows`. With `rational`, these are the agreements weakly better than
    disagreement for all, and unless one is strictly better for all the outcome is disagreement.
    """
    table = table_of(problem)
    rows = rational_rows(table) if rational else np.arange(table.utility.shape[1])
    if rational and not someone_gains(table, rows):
        return disagreement(table)
    best = pick(table, rows)
    row = favourite(table, best[pareto_front(table.utility[:, best])])
    certificate = {"grade": "exact", "outcomes": int(table.utility.shape[1]), "maximisers": len(best)}
    return agreed(table, row, certificate)


def gains(table: Table, rows: np.ndarray) -> Exact:
    """What these agreements give above disagreement (parties x rows)."""
    stated = np.array(table.disagreement, table.utility.dtype)[:, None]
    everything = len(rows) == table.utility.shape[1] and bool((rows[1:] > rows[:-1]).all())
    return (table.utility if everything else table.utility[:, rows]) - stated


def rational_rows(table: Table) -> np.ndarray:
    """Agreements that are weakly better than disagreement for all."""
    kept = np.ones(table.utility.shape[1], bool)
    for own, stated in zip(table.utility, table.disagreement, strict=True):
        kept &= (own >= stated).astype(bool)
    return np.flatnonzero(kept)


def someone_gains(table: Table, rows: np.ndarray) -> bool:
    """Whether one of these agreements is strictly better than disagreement for all."""
    kept = np.ones(len(rows), bool)
    for own, stated in zip(table.utility, table.disagreement, strict=True):
        kept &= (own[rows] > stated).astype(bool)
    return bool(kept.any())


def favourite(table: Table, rows: np.ndarray) -> int:
    """The row that the tie rule favours: the lowest hash of seed and agreement."""
    if len(rows) == 1:
        return int(rows[0])
    return min((int(row) for row in rows), key=lambda row: priority(table.problem.seed, table.key(row)))


def disagreement(table: Table) -> Bargained:
    """No agreement: everybody keeps the disagreement point, nothing is owed."""
    return Bargained(
        mechanism=table.problem.mechanism,
        status="disagreement",
        utilities=table.at_disagreement(),
        certificate={"grade": "exact", "outcomes": int(table.utility.shape[1])},
        payments=_payments(table, []) if money(table) else {},
    )


def agreed(table: Table, row: int, certificate: dict[str, object]) -> Bargained:
    """That agreement, with what it makes the parties owe."""
    charges = net(table.charges(row))
    payments = _payments(table, charges) if money(table) else {}
    return Bargained(
        mechanism=table.problem.mechanism,
        status="cleared",
        agreement=table.name(row),
        utilities=table.utilities(row),
        awards=tuple(Award(party, {"agreement": 1}, paid) for party, paid in payments.items()),
        payments=payments,
        charges=charges,
        certificate=certificate,
    )


def money(table: Table) -> bool:
    """Whether any agreement can make somebody owe something."""
    return bool(table.problem.transfers) or any(agreement.charges for agreement in table.problem.agreements)


def _payments(table: Table, charges: list[Charge] | tuple[Charge, ...]) -> dict[str, int]:
    paid = dict.fromkeys(table.parties, 0)
    for charge in charges:
        paid[charge.payer] += charge.amount
        paid[charge.payee] -= charge.amount
    return paid


def net(charges: list[Charge]) -> tuple[Charge, ...]:
    """One charge for each pair that owes anything, so that nobody owes somebody who owes as much back."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for charge in charges:
        one, other = sorted((charge.payer, charge.payee))
        sums[one, other] += charge.amount if charge.payer == one else -charge.amount
    owed = [(one, other, amount) if amount > 0 else (other, one, -amount) for (one, other), amount in sums.items()]
    return tuple(Charge(*each) for each in sorted(owed) if each[2])
