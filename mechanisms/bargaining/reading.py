"""Reading the three forms of a bargain: every fault with a pointer, every number exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from mechanisms.bargaining.terms import read_terms
from mechanisms.decimals import Number, read_number
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_list, read_object
from mechanisms.preferences.bargains import listed, states_worth
from mechanisms.types import Charge

FIELDS = {
    "agreements": ("agreements", "disagreement"),
    "issues": ("issues", "parties", "transfers"),
    "resources": ("resources", "parties"),
}
MOST_OUTCOMES = 10_000_000
MOST_PARTIES = 100


def check_fields(form: str, data: dict[str, Any]) -> None:
    """Nothing of another form stands beside it, and what it needs is there."""
    own = FIELDS[form]
    for name in ("disagreement", "parties", "transfers"):
        if name in data and name not in own:
            raise ProblemError("unknown_field", f"{name!r} does not go with {form!r}", f"/{name}")
    for name in own[:2]:
        if name not in data:
            raise ProblemError("missing_field", f"{form!r} needs {name!r}", f"/{name}")


def read_map(data: Any, pointer: str) -> dict[str, Any]:
    """A JSON object whose keys are names, and which has some."""
    found = read_object(data, pointer, (), data) if isinstance(data, dict) else read_object(data, pointer, ())
    for name in found:
        read_id(name, f"{pointer}/{escape(str(name))}")
    if not found:
        raise ProblemError("empty", "at least one is needed here", pointer)
    return found


def read_numbers(data: Any, pointer: str, names: Collection[str]) -> dict[str, Number]:
    """A number for each of these names and for no other."""
    found = read_object(data, pointer, names)
    return {name: read_number(found[name], f"{pointer}/{escape(name)}") for name in names}


def read_parties(data: Any, pointer: str) -> dict[str, Any]:
    """The parties by name, at least two."""
    found = read_map(data, pointer)
    if not 2 <= len(found) <= MOST_PARTIES:
        raise ProblemError("number_of_parties", f"a bargain has 2 to {MOST_PARTIES} parties", pointer)
    return found


def read_listed(data: dict[str, Any]) -> dict[str, Any]:
    """`agreements`, each with a utility for every party of `disagreement`."""
    from mechanisms.bargaining.types import Agreement  # noqa: PLC0415 - the type reads itself with this module

    parties = sorted(read_parties(data["disagreement"], "/disagreement"))
    disagreement = read_numbers(data["disagreement"], "/disagreement", parties)
    agreements, seen = [], set()
    for index, item in enumerate(read_list(data["agreements"], "/agreements")):
        at = f"/agreements/{index}"
        item = read_object(item, at, ("id", "utilities"), ("charges",))
        name = read_id(item["id"], f"{at}/id")
        if name in seen:
            raise ProblemError("duplicate_id", f"the agreement {name!r} is listed twice", f"{at}/id")
        seen.add(name)
        utilities = read_numbers(item["utilities"], f"{at}/utilities", parties)
        agreements.append(Agreement(name, utilities, _charges(item.get("charges", []), f"{at}/charges", parties)))
    if not agreements:
        raise ProblemError("empty", "there is nothing to agree on", "/agreements")
    return {"agreements": tuple(agreements), "disagreement": disagreement}


def _charges(data: Any, pointer: str, parties: Collection[str]) -> tuple[Charge, ...]:
    found = []
    for index, item in enumerate(read_list(data, pointer)):
        at = f"{pointer}/{index}"
        item = read_object(item, at, ("payer", "payee", "amount"))
        payer, payee = _pair(item, at, parties)
        found.append(Charge(payer, payee, read_int(item["amount"], f"{at}/amount", 1, 10**12)))
    return tuple(sorted(found, key=lambda charge: (charge.payer, charge.payee)))


def _pair(item: dict[str, Any], pointer: str, parties: Collection[str]) -> tuple[str, str]:
    for role in ("payer", "payee"):
        if item[role] not in parties:
            raise ProblemError("unknown_party", f"no party is called {item[role]!r}", f"{pointer}/{role}")
    if item["payer"] == item["payee"]:
        raise ProblemError("pays_itself", "payer and payee are the same party", pointer)
    return item["payer"], item["payee"]


def read_domain(data: dict[str, Any]) -> dict[str, Any]:
    """`issues` with their values, and for each party weights and the worth of each value."""
    issues = read_issues(data["issues"])
    named = read_parties(data["parties"], "/parties")
    if states_worth(named):
        transfers = read_transfers(data.get("transfers", []), issues, named)
        return read_listed(listed(issues, named, transfers))
    parties = {name: read_party(item, f"/parties/{escape(name)}", issues) for name, item in named.items()}
    return {
        "issues": issues,
        "parties": parties,
        "transfers": read_transfers(data.get("transfers", []), issues, parties),
    }


def read_issues(data: Any) -> dict[str, tuple[str | int, ...]]:
    """`issues` with their values, at least one each."""
    found = read_map(data, "/issues")
    issues = {name: _values(values, f"/issues/{escape(name)}") for name, values in found.items()}
    size = 1
    for values in issues.values():
        size *= len(values)
    if size > MOST_OUTCOMES:
        raise ProblemError("too_many_outcomes", f"{size} outcomes are more than {MOST_OUTCOMES}", "/issues")
    return issues


def _values(data: Any, pointer: str) -> tuple[str | int, ...]:
    values = read_list(data, pointer)
    if not values:
        raise ProblemError("empty", "an issue needs at least one value", pointer)
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ProblemError("invalid_value", "a value is a string or a whole number", f"{pointer}/{index}")
        read_id(str(value), f"{pointer}/{index}", reserved=True)
    if len({str(value) for value in values}) != len(values):
        raise ProblemError("duplicate_value", "the same value is listed twice", pointer)
    return tuple(values)


def read_party(data: Any, pointer: str, issues: dict[str, tuple[str | int, ...]]) -> dict[str, Any]:
    """One party's weights and worths of values, its reservation, and its discount if it has one."""
    data = read_object(data, pointer, ("weights", "values"), ("reservation", "discount"))
    values = read_object(data["values"], f"{pointer}/values", list(issues))
    found: dict[str, Any] = {
        "weights": read_numbers(data["weights"], f"{pointer}/weights", list(issues)),
        "values": {
            name: read_numbers(values[name], f"{pointer}/values/{escape(name)}", [str(value) for value in own])
            for name, own in issues.items()
        },
        "reservation": read_number(data.get("reservation", 0), f"{pointer}/reservation"),
    }
    if "discount" in data:
        found["discount"] = read_number(data["discount"], f"{pointer}/discount", 0, 1)
    return found


def read_transfers(
    data: Any, issues: dict[str, tuple[str | int, ...]], parties: Collection[str]
) -> tuple[dict[str, str], ...]:
    """Which issues are money, whole units of it, from whom to whom."""
    found = []
    for index, item in enumerate(read_list(data, "/transfers")):
        at = f"/transfers/{index}"
        item = read_object(item, at, ("issue", "payer", "payee"))
        _pair(item, at, parties)
        if item["issue"] not in issues:
            raise ProblemError("unknown_issue", f"no issue is called {item['issue']!r}", f"{at}/issue")
        for value in issues[item["issue"]]:
            _money(value, f"{at}/issue")
        found.append({name: item[name] for name in ("issue", "payer", "payee")})
    return tuple(found)


def _money(value: str | int, pointer: str) -> None:
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 13):
        raise ProblemError("not_money", f"{value!r} is no whole number of units that can be paid", pointer)
    if not 0 <= int(value) <= 10**12:
        raise ProblemError("not_money", f"{value} is no amount that can be paid", pointer)


def read_resources(data: dict[str, Any]) -> dict[str, Any]:
    """`resources` with their amounts, and for each party terms of utility over them."""
    amounts = read_map(data["resources"], "/resources")
    resources = {name: _amount(amounts[name], f"/resources/{escape(name)}") for name in sorted(amounts)}
    named = read_parties(data["parties"], "/parties")
    parties = {}
    for name, item in named.items():
        at = f"/parties/{escape(name)}"
        item = read_object(item, at, ("terms",), ("disagreement",))
        parties[name] = {
            "terms": read_terms(item["terms"], f"{at}/terms", resources),
            "disagreement": read_number(item.get("disagreement", 0), f"{at}/disagreement"),
        }
    return {"resources": resources, "parties": parties}


def _amount(data: Any, pointer: str) -> Number:
    if data is None:
        raise ProblemError("unbounded_set", "without an amount the shares have no bound", pointer)
    amount = read_number(data, pointer)
    if amount < 0:
        raise ProblemError("empty_set", "less than nothing cannot be shared", pointer)
    return amount


READERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "agreements": read_listed,
    "issues": read_domain,
    "resources": read_resources,
}
