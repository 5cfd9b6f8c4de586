"""Stripe's nested form encoding: `metadata[k]=v&expand[0]=customer` to dicts and lists of strings."""

from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from marketplace.stripe_sandbox.errors import Refusal

MAX_FIELDS = 2000
MAX_DEPTH = 8


def _path(name: str) -> list[str]:
    head, *rest = name.split("[")
    if len(rest) >= MAX_DEPTH or any(not part.endswith("]") for part in rest):
        raise Refusal(f"Invalid parameter name: {name[:80]}", param=name[:80])
    return [head, *(part[:-1] for part in rest)]


def _place(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part, following in pairwise(path):
        key = str(len(tree)) if part == "" else part
        branch = tree.setdefault(key, {})
        if not isinstance(branch, dict):
            raise Refusal(f"Invalid {following}: both a value and a hash were given", param=path[0])
        tree = branch
    tree[str(len(tree)) if path[-1] == "" else path[-1]] = value


def _lists(tree: Any) -> Any:
    """A dict whose keys are 0..n-1 was an array."""
    if not isinstance(tree, dict):
        return tree
    if tree and tree.keys() == {str(place) for place in range(len(tree))}:
        return [_lists(tree[str(place)]) for place in range(len(tree))]
    return {key: _lists(value) for key, value in tree.items()}


def decode(text: str) -> dict[str, Any]:
    """The parameters of one request."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Refusal("Invalid form encoding") from error
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _place(tree, _path(name), value)
    return {key: _lists(value) for key, value in tree.items()}
