"""Winner determination as an integer program: which atoms to accept, within every lot's supply, one for each agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]
Mask = NDArray[np.bool_]
SAFE = 2**62


@dataclass(frozen=True, eq=False)
class Packing:
    """Maximise gain·x over binary x with every row within its room; all numbers are integers.

    `gain` is in units, one for each column (an atom: its value minus the reserves of its bundle). Entries stand column
    by column: those of column j are `index[start[j]:start[j + 1]]` (rows) and `coef` (quantities, negative when
    sold). Rows below `lots` are lots, the others agents with several atoms; `owner` numbers agents.
    """

    gain: Column
    owner: Column
    start: Column
    index: Column
    coef: Column
    room: Column
    lots: int

    @property
    def columns(self) -> int:
        """How many atoms there are."""
        return len(self.gain)

    @cached_property
    def column_of(self) -> Column:
        """The column of each entry."""
        return np.repeat(np.arange(self.columns), np.diff(self.start))

    @cached_property
    def dense(self) -> Column:
        """Rows by columns."""
        table = np.zeros((len(self.room), self.columns), np.int64)
        table[self.index, self.column_of] = self.coef
        return table

    @cached_property
    def conflicts(self) -> Mask:
        """Pairs of columns that exclude each other: both want more than half of what a row can ever have."""
        half = (2 * self.dense > self.room[:, None]) & (self.dense.min(axis=1, initial=0) >= 0)[:, None]
        counts = half.astype(np.float32)
        table = counts.T @ counts > 0
        np.fill_diagonal(table, False)
        return table

    @cached_property
    def excluded(self) -> list[int]:
        """The rows of `conflicts` as bits of one integer each: column j is bit j."""
        return bits_of(self.conflicts)

    @cached_property
    def pairwise(self) -> bool:
        """Whether columns that fit in pairs fit together: one unit of everything."""
        return bool((self.coef == 1).all() and (self.room == 1).all())

    @cached_property
    def narrow(self) -> bool:
        """Whether sums over all columns stay far from the limits of int64 and of a double's whole numbers."""
        widest = max(1, int(np.abs(self.coef).max(initial=1)), int(self.room.max(initial=1)))
        return self.total * widest < 2**40

    @cached_property
    def total(self) -> int:
        """Sum of |gain| in Python integers."""
        return sum(abs(int(gain)) for gain in self.gain) + 1

    def restricted(self, keep: Column) -> Packing:
        """Only these columns, all rows."""
        sizes = np.diff(self.start)[keep]
        kept = np.isin(self.column_of, keep)
        return Packing(
            gain=self.gain[keep],
            owner=self.owner[keep],
            start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            index=self.index[kept],
            coef=self.coef[kept],
            room=self.room,
            lots=self.lots,
        )

    def regained(self, gain: Column) -> Packing:
        """The same rows and columns with other gains."""
        other = replace(self, gain=gain)
        other.__dict__.update({name: self.__dict__[name] for name in _SHAPE if name in self.__dict__})
        return other

    def fits(self, chosen: Sequence[int]) -> bool:
        """Whether these columns go together, counted in integers (at most 10^12 a column, so that int64 holds them)."""
        distinct = len(set(chosen)) == len(chosen)
        return distinct and bool((self.dense[:, list(chosen)].sum(axis=1) <= self.room).all())

    def worth(self, chosen: Sequence[int]) -> int:
        """Their gain in Python integers."""
        return sum(int(self.gain[column]) for column in chosen)


_SHAPE = ("dense", "conflicts", "excluded", "pairwise")  # what does not depend on gains


def bits_of(table: Mask) -> list[int]:
    """Each row of a table as one integer, whose bit j is entry j."""
    packed = np.packbits(table, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def make_packing(atoms: Sequence[tuple[int, int, dict[int, int]]], supply: Sequence[int]) -> Packing:
    """A program from (agent number, gain, {lot number: quantity}) in order of agents, and each lot's supply.

    An agent with one atom needs no row; rows of the others come after the lots'.
    """
    owners = [agent for agent, _, _ in atoms]
    counted = Counter(owners)
    several = [agent for agent in sorted(counted) if counted[agent] > 1]
    row_of = {agent: len(supply) + place for place, agent in enumerate(several)}
    start, index, coef = [0], [], []
    for agent, _, bundle in atoms:
        entries = sorted(bundle.items()) + ([(row_of[agent], 1)] if agent in row_of else [])
        index += [row for row, _ in entries]
        coef += [quantity for _, quantity in entries]
        start.append(len(index))
    return Packing(
        gain=np.array([gain for _, gain, _ in atoms], np.int64),
        owner=np.array(owners, np.int64),
        start=np.array(start, np.int64),
        index=np.array(index, np.int64),
        coef=np.array(coef, np.int64),
        room=np.array([*supply, *[1] * len(several)], np.int64),
        lots=len(supply),
    )


def exact(values: Any, narrow: bool) -> Any:
    """The array as int64 where sums are safe, as Python integers where not."""
    return values if narrow else values.astype(object)
