"""From a fractional choice to a whole one: atoms by their shares, as long as they fit."""

from __future__ import annotations

import numpy as np

from mechanisms.solve.packing import Column, Mask, Packing


def completed(packing: Packing, share: np.ndarray, free: Mask, ones: Mask) -> list[int] | None:
    """`ones`, then columns by share and gain, each if it still fits; sorted. None where `ones` alone do not fit."""
    whole = np.flatnonzero(ones | (free & (share > 0.999))).tolist()
    taken = whole if packing.fits(whole) else np.flatnonzero(ones).tolist()
    if taken is not whole and not packing.fits(taken):
        return None
    able = free & (packing.gain >= 0)
    able[taken] = False
    score = share * 4 + packing.gain / max(1, int(packing.gain.max(initial=1)))
    fill = _by_pairs if packing.pairwise else _by_rows
    columns = np.flatnonzero(able)
    return sorted([*taken, *fill(packing, taken, columns[np.argsort(-score[columns], kind="stable")])])


def _by_pairs(packing: Packing, taken: list[int], able: Column) -> list[int]:
    """Of these columns in order those that exclude none that is in."""
    excluded, gone, added = packing.excluded, 0, []
    for column in taken:
        gone |= excluded[column]
    for column in able.tolist():
        if not gone >> column & 1:
            gone |= excluded[column]
            added.append(column)
    return added


def _by_rows(packing: Packing, taken: list[int], able: Column) -> list[int]:
    """Of these columns in order those for which every row has room."""
    room, added = packing.room - packing.dense[:, taken].sum(axis=1), []
    able = able[(packing.dense[:, able] <= room[:, None]).all(axis=0)]
    for column in able.tolist():
        left = room - packing.dense[:, column]
        if (left >= 0).all():
            added.append(column)
            room = left
    return added
