"""The terms of utility over shares of resources: five concave kinds, everything else refused."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mechanisms.decimals import Number, read_number
from mechanisms.errors import ProblemError
from mechanisms.fields import read_list, read_object

# Fields beside resource and kind, with the defaults of those that may be left out.
KINDS: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {
    "linear": (("coefficient",), {}),
    "power": (("coefficient", "exponent"), {}),
    "log": (("coefficient",), {"rate": 1}),
    "exponential": (("coefficient",), {"rate": 1}),
    "piecewise": (("points",), {}),
}


def read_terms(data: Any, pointer: str, resources: Collection[str]) -> tuple[dict[str, Any], ...]:
    """Terms over different resources, each concave.

    linear c x; power c x^e; log c ln(1 + r x); exponential c (1 - exp(-r x)); piecewise through (x, u) points from
    x = 0 on, flat beyond the last.
    """
    found = [_term(item, f"{pointer}/{index}", resources) for index, item in enumerate(read_list(data, pointer))]
    if not found:
        raise ProblemError("no_utility", "a party needs at least one term of utility", pointer)
    if len({term["resource"] for term in found}) != len(found):
        raise ProblemError("duplicate_term", "one term for each resource", pointer)
    return tuple(sorted(found, key=lambda term: str(term["resource"])))


def _term(data: Any, pointer: str, resources: Collection[str]) -> dict[str, Any]:
    kind = data.get("kind") if isinstance(data, dict) else None
    if isinstance(data, dict) and kind not in KINDS:
        raise ProblemError("unknown_term", f"a term's kind is one of {', '.join(KINDS)}", f"{pointer}/kind")
    required, optional = KINDS.get(str(kind), ((), {}))
    data = read_object(data, pointer, ("resource", "kind", *required), optional)
    if data["resource"] not in resources:
        raise ProblemError("unknown_resource", f"no resource is called {data['resource']!r}", f"{pointer}/resource")
    term: dict[str, Any] = {"resource": data["resource"], "kind": kind}
    if kind == "piecewise":
        return term | {"points": _points(data["points"], f"{pointer}/points")}
    numbers = {
        name: read_number(data.get(name, optional.get(name)), f"{pointer}/{name}") for name in (*required, *optional)
    }
    _check_concave(str(kind), numbers, pointer)
    return term | numbers


def _check_concave(kind: str, numbers: dict[str, Number], pointer: str) -> None:
    if kind == "power" and not 0 < numbers["exponent"] <= 1:
        raise ProblemError("not_concave", "x^e is concave and increasing for 0 < e <= 1", f"{pointer}/exponent")
    if kind != "linear" and numbers["coefficient"] < 0:
        raise ProblemError("not_concave", f"a {kind} term with a negative coefficient is not", f"{pointer}/coefficient")
    if "rate" in numbers and numbers["rate"] <= 0:
        raise ProblemError("not_concave", "the rate is above 0", f"{pointer}/rate")


def _points(data: Any, pointer: str) -> list[list[Number]]:
    points = []
    for index, item in enumerate(read_list(data, pointer)):
        pair = read_list(item, f"{pointer}/{index}")
        if len(pair) != 2:
            raise ProblemError("not_a_point", "a point is [x, u]", f"{pointer}/{index}")
        points.append([read_number(number, f"{pointer}/{index}/{place}") for place, number in enumerate(pair)])
    if len(points) < 2 or points[0][0] != 0 or any(before[0] >= after[0] for before, after in pairwise(points)):
        raise ProblemError("not_a_function", "at least two points, x rising from 0", pointer)
    corners = [(Fraction(x), Fraction(u)) for x, u in points]
    slopes = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(corners)]
    if any(late > early for early, late in pairwise(slopes)) or slopes[-1] < 0:
        raise ProblemError("not_concave", "slopes may not rise from piece to piece, nor be negative", pointer)
    return points
