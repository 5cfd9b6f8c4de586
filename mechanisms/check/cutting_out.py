"""A problem without some of its lots: what a later round clears when a seller does not honour what was awarded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def without_lots(problem: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    """The problem as JSON, less these lots: atoms that name one, steps on one, and bids with nothing left fall out."""
    if not gone:
        return dict(problem)
    lots = [lot for lot in problem["lots"] if lot["id"] not in gone]
    bids = [cut for cut in (cut_bid(bid, gone) for bid in problem["bids"]) if cut is not None]
    return {**problem, "lots": lots, "bids": bids}


def cut_bid(bid: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any] | None:
    """What of a bid is left without these lots; None where nothing is."""
    left = dict(bid)
    if bid.get("atoms") is not None:
        left["atoms"] = [atom for atom in bid["atoms"] if not set(atom["bundle"]) & set(gone)]
    if bid.get("steps") is not None:
        left["steps"] = [step for step in bid["steps"] if step["lot"] not in gone]
    return left if left.get("atoms") or left.get("steps") else None
