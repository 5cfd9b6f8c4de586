"""Receipts: what proves to a bidder that its bid was in, unchanged, and to everybody how ties were drawn.

A receipt commits to a bid without telling it, by a random nonce. Receipts with the bids' states are the leaves of a
Merkle tree in the form of RFC 6962 (leaves and nodes are hashed apart), sorted, so that a place tells nothing of time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mechanisms.digest import hash_of

TERMS = ("mechanism", "currency", "exponent", "lots", "params", "issues")
BY_PARTICIPATION = ("quality", "first")  # parameters that are stated by agent, and in problems stand by participation
EMPTY = hashlib.sha256(b"").digest()
Step = tuple[str, str]  # ("left" or "right", hex): the sibling and the side that it stands on


def receipt_of(nonce: bytes, market: str, bid: str, agent: str, content: bytes) -> str:
    """SHA-256 of the nonce (32 bytes), the names of market, bid and participation, and the bid's canonical JSON."""
    text = nonce + b"\x00".join((market.encode(), bid.encode(), agent.encode(), content))
    return hashlib.sha256(text).hexdigest()


def leaf_of(receipt: str, status: str) -> bytes:
    """A leaf: the receipt and what had become of the bid at the close (`accepted`, `replaced`, `withdrawn`)."""
    return hashlib.sha256(b"\x00" + bytes.fromhex(receipt) + status.encode()).digest()


def tree_of(leaves: Iterable[bytes]) -> list[list[bytes]]:
    """The tree's levels, from the sorted leaves to the root; a last one without a partner goes up as it is."""
    levels = [sorted(leaves)]
    while len(levels[-1]) > 1:
        row = levels[-1]
        pairs = (row[at : at + 2] for at in range(0, len(row), 2))
        levels.append([_node(*pair) if len(pair) == 2 else pair[0] for pair in pairs])
    return levels


def root_of(tree: Sequence[Sequence[bytes]]) -> str:
    """The root, hex; of no leaves the hash of nothing."""
    return (tree[-1][0] if tree[-1] else EMPTY).hex()


def proof_of(tree: Sequence[Sequence[bytes]], leaf: bytes) -> list[Step]:
    """The siblings on the way from a leaf to the root; ValueError where it is not in the tree."""
    at, steps = tree[0].index(leaf), []
    for row in tree[:-1]:
        sibling = at ^ 1
        if sibling < len(row):
            steps.append(("left" if sibling < at else "right", row[sibling].hex()))
        at //= 2
    return steps


def climbed(leaf: bytes, steps: Iterable[Sequence[str]]) -> str:
    """The root that these steps lead to from this leaf, hex."""
    node = leaf
    for side, sibling in steps:
        other = bytes.fromhex(sibling)
        node = _node(other, node) if side == "left" else _node(node, other)
    return node.hex()


def term_hashes(problem: Mapping[str, Any], version: int) -> dict[str, str]:
    """What is published of a market's terms when it opens: a hash of each, so that a changed one can be named."""
    stated = {name: problem[name] for name in TERMS if name in problem}
    stated["params"] = {name: part for name, part in problem["params"].items() if name not in BY_PARTICIPATION}
    return {name: hash_of(value) for name, value in {**stated, "version": version}.items()}


def commitment_of(market: str, seed: str) -> str:
    """What is published of a market's seed when it opens, so that it cannot be chosen later; hex."""
    return hashlib.sha256(market.encode() + b"\x00" + bytes.fromhex(seed)).hexdigest()


def tie_seed_of(root: str, seed: str) -> str:
    """The seed that breaks ties: of all receipts and the committed seed, so that neither side alone chooses it; hex."""
    return hashlib.sha256(bytes.fromhex(root) + bytes.fromhex(seed)).hexdigest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
