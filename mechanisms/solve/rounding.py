"""From a fractional choice to a whole one: atoms by their shares, as long as they fit."""

from __future__ import annotations

import numpy as np

from mechanisms.solve.packing import Column, Mask, Packing


def completed(packing: Packing, share: np.ndarray, free: Mask, ones: Mask) -> list[int] | None:
    """`ones`, then columns by share and gain, each if it still fits; sorted. None where `ones` alone do not fit."""
    if packing.soft:
        return _by_programs(packing, share, free, ones)
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
    table, room = packing.hard
    room, added = room - table[:, taken].sum(axis=1), []
    able = able[(table[:, able] <= room[:, None]).all(axis=0)]
    for column in able.tolist():
        left = room - table[:, column]
        if (left >= 0).all():
            added.append(column)
            room = left
    return added


def _by_programs(packing: Packing, share: np.ndarray, free: Mask, ones: Mask) -> list[int] | None:
    """Each agent's larger shares together, the largest gain first, then single atoms that fit; None without `ones`."""
    program = packing.owner < 0
    wanted = ones | (free & (share > 0.5))
    whole = np.flatnonzero(wanted).tolist()
    if packing.fits(whole):
        return whole
    groups = [np.flatnonzero(wanted & (packing.owner == owner)).tolist() for owner in np.unique(packing.owner[program])]
    groups.sort(key=lambda group: (not ones[group].any(), -packing.worth(group)))
    single = np.flatnonzero(wanted & ~program)
    taken: list[int] = []
    for group in [*groups, *([column] for column in single[np.argsort(-share[single], kind="stable")].tolist())]:
        if packing.fits([*taken, *group]):
            taken += group
    if not set(np.flatnonzero(ones).tolist()) <= set(taken):
        return None
    able = np.flatnonzero(free & ~program & (packing.gain >= 0))
    able = able[~np.isin(able, taken)]
    return sorted([*taken, *_by_rows(packing, taken, able[np.argsort(-packing.gain[able], kind="stable")])])
