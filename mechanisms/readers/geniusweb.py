"""Reads GeniusWeb JSON: a domain's issues and linear additive profiles, into a bargain.

A domain is `{"name", "issuesValues": {issue: {"values": [...]}}}`; a profile `{"LinearAdditiveUtilitySpace":
{"issueWeights", "issueUtilities": {issue: {"DiscreteValueSetUtilities": {"valueUtilities": {value: u}}}},
"reservationBid"}}`, where older files say `discreteutils`. All numbers are read exactly; the reservation is the
reservation bid's utility.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mechanisms.errors import ProblemError
from mechanisms.readers.errors import UnreadableError
from mechanisms.strict_json import parse


def read_geniusweb(
    domain: Path | str, profiles: Mapping[str, Path | str], *, mechanism: str = "nash_bargaining"
) -> dict[str, Any]:
    """The problem document of a domain's file and a profile's file for each party."""
    texts = {name: Path(path).read_bytes() for name, path in profiles.items()}
    return parse_geniusweb(Path(domain).read_bytes(), texts, mechanism=mechanism)


def parse_geniusweb(
    domain: bytes | str, profiles: Mapping[str, bytes | str], *, mechanism: str = "nash_bargaining"
) -> dict[str, Any]:
    """The problem document of these texts; raises UnreadableError, or ProblemError where the text is no strict JSON."""
    stated = _get(_parsed(domain), "issuesValues")
    if not isinstance(stated, dict) or not stated:
        raise UnreadableError(1, "issuesValues names no issue")
    issues = {issue: _discrete(issue, _get(own, "values")) for issue, own in stated.items()}
    parties = {name: _profile(_parsed(text), issues) for name, text in profiles.items()}
    return {"mechanism": mechanism, "issues": issues, "parties": parties}


def _parsed(text: bytes | str) -> Any:
    try:
        return parse(text)
    except ProblemError as error:
        raise UnreadableError(1, error.detail) from error


def _get(data: Any, name: str) -> Any:
    if not isinstance(data, dict) or name not in data:
        raise UnreadableError(1, f"no {name!r} where one belongs")
    return data[name]


def _discrete(issue: str, values: Any) -> list[str]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise UnreadableError(1, f"the values of {issue!r} are no list of names (ranges of numbers are not read)")
    return values


def _profile(data: Any, issues: dict[str, list[str]]) -> dict[str, Any]:
    space = _get(data, "LinearAdditiveUtilitySpace")
    weights, utilities = _get(space, "issueWeights"), _get(space, "issueUtilities")
    values = {}
    for issue, options in issues.items():
        stated = _get(utilities, issue)
        name = "discreteutils" if "discreteutils" in stated else "DiscreteValueSetUtilities"
        own = _get(_get(stated, name), "valueUtilities")
        values[issue] = {option: _get(own, option) for option in options}
    found = {"weights": {issue: _get(weights, issue) for issue in issues}, "values": values}
    return found | {"reservation": _reservation(space, found)}


def _reservation(space: dict[str, Any], party: dict[str, Any]) -> Decimal | int:
    """The utility of the reservation bid; an issue that it leaves open counts nothing."""
    bid = (space.get("reservationBid") or {}).get("issuevalues", {})
    total: Decimal | int = 0
    for issue, value in bid.items():
        if issue not in party["values"] or value not in party["values"][issue]:
            raise UnreadableError(1, f"the reservation bid names {issue!r} = {value!r}, which is not in the domain")
        total += Decimal(party["weights"][issue]) * Decimal(party["values"][issue][value])
    return total
