"""A bargain's agreements as a table of integers: one row for each party, one column for each agreement."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import rfc8785
from numpy.typing import NDArray

from mechanisms.bargaining.types import Bargain
from mechanisms.cases import exactly
from mechanisms.decimals import NARROW, Exact, column, places, whole
from mechanisms.types import Charge

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Table:
    """`utility` (parties x agreements) and `disagreement` count 1/scale; int64, or Python integers if large."""

    problem: Bargain
    parties: list[str]
    utility: Exact
    disagreement: list[int]
    scale: int

    def name(self, row: int) -> str | dict[str, str | int]:
        """The agreement in that column: its id, or a value for each issue."""
        if self.problem.agreements:
            return self.problem.agreements[row].id
        places_ = np.unravel_index(row, [len(values) for values in self.problem.issues.values()])
        return {
            issue: values[int(place)]
            for (issue, values), place in zip(self.problem.issues.items(), places_, strict=True)
        }

    def key(self, row: int) -> str:
        """The id by which ties are settled: of a domain's agreement, its RFC 8785 form."""
        name = self.name(row)
        return name if isinstance(name, str) else rfc8785.dumps(dict(name)).decode()

    def utilities(self, row: int) -> dict[str, Decimal | int]:
        """Each party's utility of that agreement, exactly."""
        return {
            name: exactly(int(value), self.scale)
            for name, value in zip(self.parties, self.utility[:, row], strict=True)
        }

    def at_disagreement(self) -> dict[str, Decimal | int]:
        """Each party's utility without an agreement."""
        return {name: exactly(value, self.scale) for name, value in zip(self.parties, self.disagreement, strict=True)}

    def charges(self, row: int) -> list[Charge]:
        """What that agreement makes the parties owe each other."""
        if self.problem.agreements:
            return list(self.problem.agreements[row].charges)
        agreed: Any = self.name(row)
        return [
            Charge(transfer["payer"], transfer["payee"], int(agreed[transfer["issue"]]))
            for transfer in self.problem.transfers
        ]


def table_of(problem: Bargain) -> Table:
    """The table of listed agreements (in the file's order) or of a domain (last issue fastest)."""
    return _listed(problem) if problem.agreements else _domain(problem)


def _listed(problem: Bargain) -> Table:
    parties = problem.agents()
    raw = [[agreement.utilities[name] for agreement in problem.agreements] for name in parties]
    stated = [problem.disagreement[name] for name in parties]
    shift = max(places(stated), *(places(row) for row in raw))
    columns = [column([whole(number, shift) for number in row]) for row in raw]
    narrow = all(found.dtype == np.int64 for found in columns)
    utility = np.array(columns, np.int64 if narrow else object)
    return Table(problem, parties, utility, [whole(number, shift) for number in stated], 10**shift)


def _domain(problem: Bargain) -> Table:
    """Weights times values, summed over issues: the scale of the weights' places plus the values' places."""
    parties = problem.agents()
    own = [problem.parties[name] for name in parties]
    weight = max(places(party["weights"].values()) for party in own)
    value = max(places(values.values()) for party in own for values in party["values"].values())
    shift = max(weight + value, places(party["reservation"] for party in own))
    utility = [_utility(problem, party, weight, shift - weight) for party in own]
    narrow = all(row.dtype == np.int64 for row in utility)
    stated = [whole(party["reservation"], shift) for party in own]
    return Table(problem, parties, np.array(utility, np.int64 if narrow else object), stated, 10**shift)


def _utility(problem: Bargain, party: dict[str, Any], weight: int, value: int) -> Exact:
    terms = []
    for issue, values in problem.issues.items():
        each = whole(party["weights"][issue], weight)
        terms.append([each * whole(party["values"][issue][str(option)], value) for option in values])
    narrow = sum(max(map(abs, term)) for term in terms) < NARROW
    total = np.zeros(1, np.int64 if narrow else object)
    for term in terms:
        total = np.add.outer(total, np.array(term, total.dtype)).ravel()
    return total
