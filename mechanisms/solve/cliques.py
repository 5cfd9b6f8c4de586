"""Cuts: sets of atoms that exclude each other pairwise, of which the relaxation takes more than one in all."""

from __future__ import annotations

import numpy as np

from mechanisms.solve.packing import Column, Mask

MOST = 30
VIOLATED = 1.01


def violated(conflicts: Mask, share: np.ndarray, free: Mask) -> list[Column]:
    """Cliques whose shares sum to more than one, grown greedily from each fractional column, then filled up."""
    support = np.flatnonzero((share > 1e-6) & (share < 1 - 1e-6))
    found: dict[bytes, tuple[float, Column]] = {}
    table = conflicts[np.ix_(support, support)]
    shares = share[support]
    order = np.argsort(-shares, kind="stable")
    for seed in order:
        members = _grown(table, shares, int(seed))
        total = float(shares[members].sum())
        if total > VIOLATED:
            clique = _filled(conflicts, support[members], free)
            found.setdefault(clique.tobytes(), (total, clique))
    best = sorted(found.values(), key=lambda pair: (-pair[0], pair[1].tobytes()))
    return [clique for _, clique in best[:MOST]]


def _grown(table: Mask, shares: np.ndarray, seed: int) -> list[int]:
    """Add the column of largest share that excludes all members, until there is none."""
    members, candidates = [seed], np.where(table[seed], shares, 0.0)
    while (best := int(np.argmax(candidates))) is not None and candidates[best] > 0:
        members.append(best)
        candidates = np.where(table[best], candidates, 0.0)
    return members


def _filled(conflicts: Mask, members: Column, free: Mask) -> Column:
    """Columns of share zero that also exclude all members make the cut stronger and cost nothing."""
    common = conflicts[members].all(axis=0)
    chosen = list(members)
    while common.any():
        column = int(np.argmax(common))
        chosen.append(column)
        common = common & conflicts[column]
    return np.array(sorted(chosen), np.int64)
