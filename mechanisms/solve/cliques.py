"""Cuts: sets of atoms that exclude each other pairwise, of which the relaxation takes more than one in all."""

from __future__ import annotations

import numpy as np

from mechanisms.solve.cuts import Cut
from mechanisms.solve.packing import Packing, bits_of

MOST = 30
VIOLATED = 1.01


def violated(packing: Packing, share: np.ndarray) -> list[Cut]:
    """Cliques whose shares sum to more than one, grown greedily from each fractional column, then filled up."""
    support = np.flatnonzero((share > 1e-6) & (share < 1 - 1e-6))
    support = support[np.argsort(-share[support], kind="stable")]
    shares = share[support].tolist()
    excluded = bits_of(packing.conflicts[np.ix_(support, support)])
    found: dict[tuple[int, ...], float] = {}
    for seed in range(len(support)):
        members = _grown(excluded, seed)
        total = sum(shares[place] for place in members)
        if total > VIOLATED:
            found.setdefault(_filled(packing.excluded, support[members].tolist()), total)
    best = sorted(found, key=lambda clique: (-found[clique], clique))
    return [Cut(np.array(clique, np.int64)) for clique in best[:MOST]]


def _grown(excluded: list[int], seed: int) -> list[int]:
    """Add the column of largest share, which is the lowest bit, that excludes all members, until there is none."""
    members, candidates = [seed], excluded[seed]
    while candidates:
        members.append((candidates & -candidates).bit_length() - 1)
        candidates &= excluded[members[-1]]
    return members


def _filled(excluded: list[int], members: list[int]) -> tuple[int, ...]:
    """Columns of share zero that also exclude all members make the cut stronger and cost nothing."""
    common = excluded[members[0]]
    for column in members[1:]:
        common &= excluded[column]
    chosen = list(members)
    while common:
        chosen.append((common & -common).bit_length() - 1)
        common &= excluded[chosen[-1]]
    return tuple(sorted(chosen))
