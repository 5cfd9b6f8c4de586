"""Linear equations in fractions, by elimination."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Row = list[Fraction]


def independent(rows: Sequence[Sequence[int | Fraction]]) -> list[int]:
    """The numbers of rows that no earlier ones among them combine to."""
    kept: list[int] = []
    basis: list[tuple[int, Row]] = []
    for number, row in enumerate(rows):
        left = [Fraction(value) for value in row]
        for pivot, other in basis:
            if left[pivot]:
                factor = left[pivot]
                left = [mine - factor * yours if yours else mine for mine, yours in zip(left, other, strict=True)]
        pivot = next((place for place, value in enumerate(left) if value), -1)
        if pivot >= 0:
            lead = left[pivot]
            basis.append((pivot, [value / lead if value else value for value in left]))
            kept.append(number)
    return kept


def solve(matrix: Sequence[Sequence[int | Fraction]], right: Sequence[int | Fraction]) -> Row | None:
    """The solution of a system with independent columns (there may be more rows than columns), None if it has none."""
    width = len(matrix[0]) if matrix else 0
    table = [[Fraction(v) for v in row] + [Fraction(r)] for row, r in zip(matrix, right, strict=True)]
    for place in range(width):
        pivot = next((i for i in range(place, len(table)) if table[i][place]), None)
        if pivot is None:
            return None
        table[place], table[pivot] = table[pivot], table[place]
        lead = table[place][place]
        table[place] = [value / lead if value else value for value in table[place]]
        for i, row in enumerate(table):
            if i != place and row[place]:
                factor = row[place]
                table[i] = [a - factor * b if b else a for a, b in zip(row, table[place], strict=True)]
    if any(row[width] for row in table[width:]):
        return None
    return [table[place][width] for place in range(width)]
