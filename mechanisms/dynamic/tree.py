"""A sorted map that is never changed: each addition makes a new one, in time that grows with the logarithm of its size.

A treap (Aragon and Seidel, 1989) whose ranks come from the keys, so that equal contents have equal shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

Key = tuple[Any, ...]


class Node(NamedTuple):
    """A key with its value, above all that is less on the left and all that is greater on the right."""

    key: Key
    value: Any
    rank: bytes
    left: Tree = None
    right: Tree = None


Tree = Node | None


def put(tree: Tree, key: Key, value: Any) -> Node:
    """The map with that value at the key, whether it had one or not."""
    return _put(tree, Node(key, value, hashlib.blake2b(repr(key).encode(), digest_size=8).digest()))


def _put(tree: Tree, new: Node) -> Node:
    if tree is None:
        return new
    if new.key == tree.key:
        return Node(new.key, new.value, new.rank, tree.left, tree.right)
    if new.rank > tree.rank:
        left, right = _split(tree, new.key)
        return Node(new.key, new.value, new.rank, left, right)
    if new.key < tree.key:
        return Node(tree.key, tree.value, tree.rank, _put(tree.left, new), tree.right)
    return Node(tree.key, tree.value, tree.rank, tree.left, _put(tree.right, new))


def _split(tree: Tree, key: Key) -> tuple[Tree, Tree]:
    """What is less than the key, and what is greater."""
    if tree is None:
        return None, None
    if tree.key < key:
        low, high = _split(tree.right, key)
        return Node(tree.key, tree.value, tree.rank, tree.left, low), high
    low, high = _split(tree.left, key)
    return low, Node(tree.key, tree.value, tree.rank, high, tree.right)


def drop(tree: Tree, key: Key) -> Tree:
    """The map without the key; KeyError where it has none."""
    if tree is None:
        raise KeyError(key)
    if key == tree.key:
        return _joined(tree.left, tree.right)
    if key < tree.key:
        return Node(tree.key, tree.value, tree.rank, drop(tree.left, key), tree.right)
    return Node(tree.key, tree.value, tree.rank, tree.left, drop(tree.right, key))


def _joined(low: Tree, high: Tree) -> Tree:
    if low is None or high is None:
        return low or high
    if low.rank > high.rank:
        return Node(low.key, low.value, low.rank, low.left, _joined(low.right, high))
    return Node(high.key, high.value, high.rank, _joined(low, high.left), high.right)


def find(tree: Tree, key: Key) -> Any:
    """The value at the key, None where there is none."""
    while tree is not None and tree.key != key:
        tree = tree.left if key < tree.key else tree.right
    return None if tree is None else tree.value


def least(tree: Tree) -> Node | None:
    """The entry with the least key."""
    while tree is not None and tree.left is not None:
        tree = tree.left
    return tree


def each(tree: Tree) -> Iterator[tuple[Key, Any]]:
    """Keys and values in order."""
    above: list[Node] = []
    while tree is not None or above:
        while tree is not None:
            above.append(tree)
            tree = tree.left
        here = above.pop()
        yield here.key, here.value
        tree = here.right
