"""Reads Genius XML: one utility space for each party, into a bargain.

A discrete issue's value is worth its evaluation over the issue's largest; a party's utility is the weighted sum. A
space may have a `reservation` and a `discount_factor`: both are kept. Entities and document types are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mechanisms.readers.errors import UnreadableError

Space = dict[str, Any]


def read_genius(spaces: Mapping[str, Path | str], *, mechanism: str = "nash_bargaining") -> dict[str, Any]:
    """The problem document of a utility space's file for each party."""
    return parse_genius({name: Path(path).read_bytes() for name, path in spaces.items()}, mechanism=mechanism)


def parse_genius(spaces: Mapping[str, bytes], *, mechanism: str = "nash_bargaining") -> dict[str, Any]:
    """The problem document of these utility spaces; they must have the same issues and values.

    Raises UnreadableError, which names the line where the XML itself is broken.
    """
    issues: dict[str, list[str]] | None = None
    parties = {}
    for name, text in spaces.items():
        own, party = _space(_tree(text))
        if issues is not None and own != issues:
            raise UnreadableError(1, f"the issues of {name!r} are not those of the others")
        issues, parties[name] = own, party
    return {"mechanism": mechanism, "issues": issues or {}, "parties": parties}


def _tree(text: bytes) -> ElementTree.Element:
    if b"<!" in text.replace(b"<!--", b""):
        raise UnreadableError(1, "document types and entities are not read")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - no entity gets here
    except ElementTree.ParseError as error:
        raise UnreadableError(error.position[0], str(error)) from error


def _space(root: ElementTree.Element) -> tuple[dict[str, list[str]], Space]:
    objective = root.find("objective")
    if objective is None:
        raise UnreadableError(1, "a utility space has an objective")
    weights = {item.get("index"): _number(item, "value") for item in objective.findall("weight")}
    issues: dict[str, list[str]] = {}
    party: Space = {"weights": {}, "values": {}}
    for issue in objective.findall("issue"):
        name, index = issue.get("name") or "", issue.get("index")
        if issue.get("vtype", issue.get("type")) != "discrete":
            raise UnreadableError(1, f"the issue {name!r} is not discrete")
        if index not in weights:
            raise UnreadableError(1, f"the issue {name!r} has no weight")
        evaluations = {item.get("value") or "": _number(item, "evaluation") for item in issue.findall("item")}
        if not evaluations or max(evaluations.values()) <= 0:
            raise UnreadableError(1, f"the issue {name!r} has no value with an evaluation above 0")
        best = max(evaluations.values())
        issues[name] = list(evaluations)
        party["weights"][name] = weights[index]
        party["values"][name] = {value: evaluation / best for value, evaluation in evaluations.items()}
    return issues, party | _outside(root)


def _outside(root: ElementTree.Element) -> Space:
    """What the party has without agreement, and what waiting costs it."""
    reservation, discount = root.find("reservation"), root.find("discount_factor")
    found: Space = {"reservation": 0.0 if reservation is None else _number(reservation, "value")}
    return found if discount is None else {**found, "discount": _number(discount, "value")}


def _number(item: ElementTree.Element, name: str) -> float:
    text = item.get(name)
    try:
        number = float(text or "")
    except ValueError as error:
        raise UnreadableError(1, f"{item.tag} has no number in {name!r}, but {text!r}") from error
    if not abs(number) <= 1e12:
        raise UnreadableError(1, f"{item.tag} has {text!r} in {name!r}, which is out of range")
    return number
