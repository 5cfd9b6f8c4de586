"""Winner determination as an integer program: which atoms to accept, within every lot's supply, one for each agent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]
Mask = NDArray[np.bool_]
SAFE = 2**62


@dataclass(frozen=True)
class Row:
    """Coefficients by column, which sum to at most `room` over the columns chosen."""

    room: int
    entries: dict[int, int]


@dataclass(frozen=True, eq=False)
class Packing:
    """Maximise gain·x over binary x with every row within its room; all numbers are integers.

    `gain` is in units, one for each column (an atom: its value minus the reserves of its bundle). Entries stand column
    by column: those of column j are `index[start[j]:start[j + 1]]` (rows) and `coef` (quantities, negative when
    sold). Rows below `lots` are lots, then come agents with several atoms, then rows of programs; `owner` numbers
    agents. A row of `soft` may be broken: each unit beyond its room takes `penalty` units from the gain. Columns of
    one number in `alike` are units of one lot, taken in order.
    """

    gain: Column
    owner: Column
    start: Column
    index: Column
    coef: Column
    room: Column
    lots: int
    soft: tuple[int, ...] = ()
    penalty: int = 1
    alike: Column | None = None

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
    def hard(self) -> tuple[Column, Column]:
        """The rows that must be kept, as a table, and their rooms."""
        if not self.soft:
            return self.dense, self.room
        kept = np.setdiff1d(np.arange(len(self.room)), self.soft)
        return self.dense[kept], self.room[kept]

    @cached_property
    def conflicts(self) -> Mask:
        """Pairs of columns that exclude each other: both want more than half of what a row can ever have."""
        table, room = self.hard
        half = (2 * table > room[:, None]) & (table.min(axis=1, initial=0) >= 0)[:, None]
        counts = half.astype(np.float32)
        pairs: Mask = counts.T @ counts > 0
        np.fill_diagonal(pairs, False)
        return pairs

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
        if not self.soft:
            widest = max(1, int(np.abs(self.coef).max(initial=1)), int(self.room.max(initial=1)))
            return self.total * widest < 2**40
        soft = np.isin(self.index, self.soft)
        room = np.delete(self.room, self.soft)
        widest = max(1, int(np.abs(self.coef[~soft]).max(initial=1)), int(np.abs(room).max(initial=1)))
        return (self.total + int(np.abs(self.room[list(self.soft)]).sum()) * self.penalty) * widest < 2**38

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
            soft=self.soft,
            penalty=self.penalty,
            alike=None if self.alike is None else self.alike[keep],
        )

    def regained(self, gain: Column, penalty: int = 1) -> Packing:
        """The same rows and columns with other gains."""
        other = replace(self, gain=gain, penalty=penalty)
        other.__dict__.update({name: self.__dict__[name] for name in _SHAPE if name in self.__dict__})
        return other

    def fits(self, chosen: Sequence[int]) -> bool:
        """Whether these columns go together, counted in integers (at most 10^12 a column, so that int64 holds them)."""
        distinct = len(set(chosen)) == len(chosen)
        if self.soft:
            kept = self.used(chosen) <= self.room
            kept[list(self.soft)] = True
            return distinct and bool(kept.all())
        return distinct and bool((self.dense[:, list(chosen)].sum(axis=1) <= self.room).all())

    def worth(self, chosen: Sequence[int]) -> int:
        """Their gain in Python integers, less what soft rows take."""
        gained = sum(int(self.gain[column]) for column in chosen)
        if not self.soft:
            return gained
        soft = list(self.soft)
        return gained - self.penalty * int(np.maximum(self.used(chosen)[soft] - self.room[soft], 0).sum())

    def used(self, chosen: Sequence[int]) -> Column:
        """What these columns take of every row, without a table of rows by columns."""
        flags = np.zeros(self.columns, bool)
        flags[list(chosen)] = True
        taken = flags[self.column_of]
        total = np.zeros(len(self.room), np.int64)
        np.add.at(total, self.index[taken], self.coef[taken])
        return total

    def beside(self, rows: Sequence[Row]) -> Packing:
        """The same with further rows that must be kept; what excluded each other before is all that is known to."""
        if not rows:
            return self
        entries = [(column, len(self.room) + n, c) for n, row in enumerate(rows) for column, c in row.entries.items()]
        column, index, coef = (np.array(part, np.int64) for part in zip(*entries, strict=True))
        every = np.concatenate([self.column_of, column])
        order = np.argsort(every, kind="stable")
        other = replace(
            self,
            start=np.concatenate([[0], np.cumsum(np.bincount(every, minlength=self.columns))]).astype(np.int64),
            index=np.concatenate([self.index, index])[order],
            coef=np.concatenate([self.coef, coef])[order],
            room=np.concatenate([self.room, np.array([row.room for row in rows], np.int64)]),
        )
        other.__dict__.update(conflicts=self.conflicts, excluded=self.excluded, pairwise=False)
        return other


_SHAPE = ("dense", "hard", "conflicts", "excluded", "pairwise")  # what does not depend on gains


def bits_of(table: Mask) -> list[int]:
    """Each row of a table as one integer, whose bit j is entry j."""
    packed = np.packbits(table, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def make_packing(
    atoms: Sequence[tuple[int, int, dict[int, int]]],
    supply: Sequence[int],
    rows: Sequence[Row] = (),
    soft: Sequence[Row] = (),
    alike: Sequence[int] | None = None,
) -> Packing:
    """A program from (agent number, gain, {lot number: quantity}) in order of agents, and each lot's supply.

    An agent with one atom needs no row; rows of the others come after the lots', then `rows`, then `soft` ones. Columns
    of programs, whose agents' numbers are below 0, exclude each other only by their rows: they come last.
    """
    owners = [agent for agent, _, _ in atoms]
    counted = Counter(agent for agent in owners if agent >= 0)
    several = [agent for agent in sorted(counted) if counted[agent] > 1]
    row_of = {agent: len(supply) + place for place, agent in enumerate(several)}
    further: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for place, row in enumerate([*rows, *soft], start=len(supply) + len(several)):
        for column, quantity in row.entries.items():
            further[column].append((place, quantity))
    start, index, coef = [0], [], []
    for column, (agent, _, bundle) in enumerate(atoms):
        entries = sorted(bundle.items()) + ([(row_of[agent], 1)] if agent in row_of else [])
        entries += further.get(column, ())
        index += [row for row, _ in entries]
        coef += [quantity for _, quantity in entries]
        start.append(len(index))
    room = [*supply, *[1] * len(several), *(row.room for row in [*rows, *soft])]
    return Packing(
        gain=np.array([gain for _, gain, _ in atoms], np.int64),
        owner=np.array(owners, np.int64),
        start=np.array(start, np.int64),
        index=np.array(index, np.int64),
        coef=np.array(coef, np.int64),
        room=np.array(room, np.int64),
        lots=len(supply),
        soft=tuple(range(len(room) - len(soft), len(room))),
        alike=None if alike is None else np.array(alike, np.int64),
    )


def exact(values: Any, narrow: bool) -> Any:
    """The array as int64 where sums are safe, as Python integers where not."""
    return values if narrow else values.astype(object)
