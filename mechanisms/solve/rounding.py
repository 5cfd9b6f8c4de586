"""From a fractional choice to a whole one: atoms by their shares, as long as they fit."""

from __future__ import annotations

import numpy as np

from mechanisms.solve.packing import Mask, Packing


def completed(packing: Packing, share: np.ndarray, free: Mask, ones: Mask) -> list[int] | None:
    """`ones`, then columns by share and gain, each if it still fits; sorted. None where `ones` alone do not fit."""
    whole = np.flatnonzero(ones | (free & (share > 0.999))).tolist()
    taken = whole if packing.fits(whole) else np.flatnonzero(ones).tolist()
    room = packing.room - packing.dense[:, taken].sum(axis=1)
    if (room < 0).any():
        return None
    able = np.flatnonzero(free & (packing.gain >= 0) & ~np.isin(np.arange(packing.columns), taken))
    able = able[(packing.dense[:, able] <= room[:, None]).all(axis=0)]
    score = share[able] * 4 + packing.gain[able] / max(1, int(packing.gain.max(initial=1)))
    for column in able[np.argsort(-score, kind="stable")].tolist():
        left = room - packing.dense[:, column]
        if (left >= 0).all():
            taken.append(column)
            room = left
    return sorted(taken)
