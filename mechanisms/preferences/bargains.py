"""Bargains whose parties state a worth over the issues: compiled to listed agreements, as preferences are to atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from mechanisms.bids import Lot
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import MAX_ID, read_object
from mechanisms.preferences.attributes import Category, read_category
from mechanisms.preferences.judging import Judged, judge_item
from mechanisms.preferences.limits import MAX_LOTS, MAX_MEMBERS
from mechanisms.preferences.tables import Table
from mechanisms.preferences.wants import read_item
from mechanisms.preferences.worths import read_amount

Issues = Mapping[str, Sequence[str | int]]
NAME = "issues/1"


def states_worth(parties: Any) -> bool:
    """Whether the parties state a worth instead of weights and values."""
    return isinstance(parties, Mapping) and any(isinstance(one, Mapping) and "worth" in one for one in parties.values())


def listed(issues: Issues, parties: Mapping[str, Any], transfers: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """`agreements` and `disagreement` of the domain; an agreement that breaks some party's `must` is not among them.

    A party is `{"worth", "must", "reservation"}`; an issue of whole numbers is a number, any other an enum.
    """
    names = [dict(zip(issues, values, strict=True)) for values in product(*issues.values())]
    if len(names) > MAX_LOTS:
        raise ProblemError("too_many_outcomes", f"expected at most {MAX_LOTS} outcomes", "/issues")
    category = _category(issues)
    rows = [category.read_lot(name, "/issues") for name in names]
    table = Table(category, [Lot(id=str(n)) for n in range(len(names))], rows)
    judged = {party: _judged(data, f"/parties/{escape(party)}", category, table) for party, data in parties.items()}
    worths = {party: dict(zip(one.admitted.tolist(), one.worth.tolist(), strict=True)) for party, one in judged.items()}
    agreements = [
        {
            "id": _id(n, name),
            "utilities": {party: own[n] for party, own in worths.items()},
            "charges": _owed(name, transfers),
        }
        for n, name in enumerate(names)
        if all(n in own for own in worths.values())
    ]
    disagreement = {
        party: read_amount(data.get("reservation", 0), f"/parties/{escape(party)}/reservation")
        for party, data in parties.items()
    }
    return {"agreements": agreements, "disagreement": disagreement}


def _category(issues: Issues) -> Category:
    """The issues as attributes."""
    attributes: dict[str, Any] = {}
    for name, values in issues.items():
        if all(isinstance(value, int) for value in values):
            attributes[name] = {"type": "number"}
        elif any(isinstance(value, int) for value in values) or len(values) > MAX_MEMBERS:
            detail = "expected whole numbers only, or texts only, where a party states a worth"
            raise ProblemError("invalid_value", detail, f"/issues/{escape(name)}")
        else:
            attributes[name] = {"type": "enum", "values": list(values)}
    return read_category(NAME, {"title": "Issues", "attributes": attributes}, "/issues")


def _judged(data: Any, pointer: str, category: Category, table: Table) -> Judged:
    fields = read_object(data, pointer, ("worth",), ("must", "reservation"))
    stated = {name: part for name, part in fields.items() if name != "reservation"}
    return judge_item(read_item("bargain", stated | {"category": NAME}, {NAME: category}, pointer), table)


def _id(n: int, agreement: Mapping[str, str | int]) -> str:
    """The values in words; of long ones the beginning and a number."""
    words = ", ".join(f"{issue} {value}" for issue, value in agreement.items())
    return words if len(words) <= MAX_ID else f"{words[: MAX_ID - 10]} #{n}"


def _owed(agreement: Mapping[str, Any], transfers: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    owed = [(transfer["payer"], transfer["payee"], int(agreement[transfer["issue"]])) for transfer in transfers]
    return [{"payer": payer, "payee": payee, "amount": amount} for payer, payee, amount in owed if amount]
