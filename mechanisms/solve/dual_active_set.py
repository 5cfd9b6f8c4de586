"""Goldfarb and Idnani's dual method (1983) in fractions: slow, and sure to end."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mechanisms.solve import fractions_linear as linear
from mechanisms.solve.errors import NoPointError

Vector = Sequence[int | Fraction]
ZERO = Fraction(0)


def dot(one: Vector, other: Vector) -> Fraction:
    """The sum of products."""
    return sum((a * b for a, b in zip(one, other, strict=True) if a and b), start=ZERO) + ZERO


class DualActiveSet:
    """The nearest point to a reference with rows·p >= least and a given sum; row -1 stands for that equation."""

    def __init__(self, rows: Sequence[Vector], least: Sequence[int], reference: Vector, total: Fraction) -> None:
        self.rows, self.least = rows, least
        self.ones = [1] * len(reference)
        shift = (total - sum(reference, ZERO)) / len(reference)
        self.point = [value + shift for value in reference]
        self.active: list[int] = [-1]
        self.weight: list[Fraction] = [shift]

    def solve(self) -> list[Fraction]:
        """Bring in the most violated row until none is; NoPointError where no point satisfies all."""
        while True:
            missing = [bound - dot(row, self.point) for row, bound in zip(self.rows, self.least, strict=True)]
            worst = max(range(len(missing)), key=missing.__getitem__, default=-1)
            if worst < 0 or missing[worst] <= 0:
                return self.point
            self._enter(worst)

    def _enter(self, entering: int) -> None:
        """Raise the entering row's multiplier, dropping rows whose own falls to zero, until the row is satisfied."""
        row, weight = self.rows[entering], ZERO
        while True:
            normals = [self.ones if k < 0 else self.rows[k] for k in self.active]
            share = linear.solve([[dot(a, b) for b in normals] for a in normals], [dot(a, row) for a in normals]) or []
            step = [
                value - sum((s * n[i] for s, n in zip(share, normals, strict=True) if n[i]), ZERO)
                for i, value in enumerate(row)
            ]
            slope = dot(step, row)
            full = (self.least[entering] - dot(row, self.point)) / slope if slope else None
            ratios = [
                (w / s, i) for i, (w, s) in enumerate(zip(self.weight, share, strict=True)) if s > 0 <= self.active[i]
            ]
            partial = min(ratios, default=None)
            if full is None and partial is None:
                raise NoPointError("no point satisfies all constraints")
            length = full if partial is None or (full is not None and full <= partial[0]) else partial[0]
            if length is None:
                raise AssertionError("one of the two lengths exists")
            self.point = [p + length * z for p, z in zip(self.point, step, strict=True)]
            self.weight = [w - length * s for w, s in zip(self.weight, share, strict=True)]
            weight += length
            if length == full:
                self.active.append(entering)
                self.weight.append(weight)
                return
            if partial is not None:
                del self.active[partial[1]], self.weight[partial[1]]
