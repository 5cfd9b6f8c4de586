"""The kinds of problems: which class reads the file of a rule, and which reads its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from mechanisms.cases import Case, Result
from mechanisms.errors import ProblemError
from mechanisms.fields import read_id
from mechanisms.registry import get
from mechanisms.strict_json import parse
from mechanisms.types import Outcome, Problem

# Module, problem and outcome by kind; a module is imported when the first problem of its kind is read.
KINDS = {
    "auction": ("mechanisms.types", "Problem", "Outcome"),
    "bargaining": ("mechanisms.bargaining.types", "Bargain", "Bargained"),
    "scoring": ("mechanisms.scoring", "Request", "Outcome"),
    "claims": ("mechanisms.claiming", "Claims", "Divided"),
    "fisher": ("mechanisms.fisher", "Fisher", "Allotted"),
    "matching": ("mechanisms.matching", "Pairing", "Matched"),
    "haggling": ("mechanisms.haggling.types", "Haggle", "Struck"),
    "dynamic": ("mechanisms.dynamic.types", "Session", "Outcome"),
}


def problem_type(kind: str) -> type[Problem] | type[Case]:
    """The class that reads a problem of that kind."""
    module, name, _ = KINDS[kind]
    found: type[Problem] | type[Case] = getattr(import_module(module), name)
    return found


def read_problem(raw: bytes | str | Mapping[str, Any]) -> Problem | Case:
    """A problem of any kind, as its `mechanism` says; raises ProblemError with a pointer."""
    data = _object(raw)
    return problem_type(get(read_id(data.get("mechanism"), "/mechanism")).kind).from_json(data)


def read_outcome(raw: bytes | str | Mapping[str, Any]) -> Outcome | Result:
    """An outcome of any kind, as its `mechanism` says; raises ProblemError."""
    data = _object(raw)
    module, _, name = KINDS[get(read_id(data.get("mechanism"), "/mechanism")).kind]
    found: Outcome | Result = getattr(import_module(module), name).from_json(data)
    return found


def _object(raw: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    data = parse(raw) if isinstance(raw, bytes | str) else raw
    if not isinstance(data, Mapping):
        raise ProblemError("not_an_object", "a JSON object belongs here")
    return data
