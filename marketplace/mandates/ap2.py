"""AP2's open payment mandates (v0.2): their constraints read into a mandate, and a mandate written as them.

What cannot be kept is refused when read, and named when written. Signatures (SD-JWT) are not ours to check here: this
is the content. AP2 counts an amount range in minor units, a budget in major ones.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from marketplace.core import clock
from marketplace.core.money import minor_exponent
from marketplace.core.refusals import Refusal
from marketplace.mandates import documents
from marketplace.mandates.documents import Ceiling, Document

OPEN = "mandate.payment.open.1"
SAID = ("ceilings", "counterparties", "expires_at", "not_before")  # what AP2's constraints can say


@dataclass(frozen=True, slots=True)
class Read:
    """A mandate, and the checkout mandates that it was bound to, which only who closes it can check."""

    document: Document
    references: list[str]


def read_open_mandate(stated: Any) -> Read:
    """The content of an open payment mandate as a mandate; refused with a pointer where a constraint cannot be kept."""
    if not isinstance(stated, dict) or stated.get("vct") != OPEN or not isinstance(stated.get("constraints"), list):
        raise _refused(f"This is no {OPEN} with constraints.", "/vct")
    found: dict[str, Any] = {"ceilings": {}, "references": []}
    for index, constraint in enumerate(stated["constraints"]):
        kind = constraint.get("type") if isinstance(constraint, dict) else None
        reader = READERS.get(str(kind))
        if reader is None:
            raise _refused(f"The constraint {str(kind)[:60]!r} cannot be kept here.", f"/constraints/{index}")
        reader(constraint, found, f"/constraints/{index}")
    if "exp" in stated:
        _sooner(found, _epoch(stated["exp"], "/exp"))
    references = found.pop("references")
    if not found["ceilings"]:
        raise _refused("Without an amount range or a budget this mandate has no bound.", "/constraints")
    return Read(documents.read(msgspec.to_builtins(found)), references)


def write_open_mandates(document: Document) -> list[dict[str, Any]]:
    """A mandate as open payment mandates, one a currency; `not_expressed` names what AP2 has no constraint for."""
    plain = documents.plain(document)
    left_out = sorted(set(plain) - set(SAID))
    return [
        {"vct": OPEN, "constraints": _constraints(document, currency, ceiling)}
        | ({"exp": int(document.expires_at.timestamp())} if document.expires_at else {})
        | {"not_expressed": left_out + [name for name in ("day_minor", "standing_minor") if getattr(ceiling, name)]}
        for currency, ceiling in sorted((document.ceilings or {}).items())
    ]


def _constraints(document: Document, currency: str, ceiling: Ceiling) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if ceiling.deal_minor is not None:
        made.append({"type": "payment.amount_range", "currency": currency, "min": 0, "max": ceiling.deal_minor})
    if ceiling.total_minor is not None:
        major = Decimal(ceiling.total_minor).scaleb(-minor_exponent(currency))
        made.append({"type": "payment.budget", "currency": currency, "max": major})
    if document.counterparties is not None:
        payees = [{"id": name, "name": name} for name in document.counterparties]
        made.append({"type": "payment.allowed_payees", "allowed": payees})
    window = {"not_before": clock.stamp(document.not_before), "not_after": clock.stamp(document.expires_at)}
    dates = {name: moment for name, moment in window.items() if moment is not None}
    if dates:
        made.append({"type": "payment.execution_date", **dates})
    return made


def _amount_range(constraint: dict[str, Any], found: dict[str, Any], at: str) -> None:
    most, least = constraint.get("max"), constraint.get("min", 0)
    if not isinstance(most, int) or isinstance(most, bool):
        raise _refused("max is a whole number of minor units.", f"{at}/max")
    if least != 0:
        raise _refused("A least amount cannot be kept: what a market charges is known at its end.", f"{at}/min")
    _lower(found, str(constraint.get("currency")), "deal_minor", most)


def _budget(constraint: dict[str, Any], found: dict[str, Any], at: str) -> None:
    currency = str(constraint.get("currency"))
    try:
        minor = Decimal(str(constraint.get("max"))).scaleb(minor_exponent(currency))
    except InvalidOperation:
        raise _refused("max is a number of the currency's major units.", f"{at}/max") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise _refused("max is finer than the currency's minor unit.", f"{at}/max")
    _lower(found, currency, "total_minor", int(minor))


def _allowed_payees(constraint: dict[str, Any], found: dict[str, Any], at: str) -> None:
    names = [payee.get("id") for payee in constraint.get("allowed") or () if isinstance(payee, dict)]
    if not names or not all(isinstance(name, str) for name in names):
        raise _refused("Each payee needs an id that is disclosed: an agent's ref here.", f"{at}/allowed")
    before = found.get("counterparties")
    found["counterparties"] = sorted(set(names) if before is None else set(names) & set(before))


def _execution_date(constraint: dict[str, Any], found: dict[str, Any], at: str) -> None:
    if "not_before" in constraint:
        start = _instant(constraint["not_before"], f"{at}/not_before")
        found["not_before"] = max(start, found.get("not_before", start))
    if "not_after" in constraint:
        _sooner(found, _instant(constraint["not_after"], f"{at}/not_after"))


def _reference(constraint: dict[str, Any], found: dict[str, Any], at: str) -> None:
    found["references"].append(str(constraint.get("conditional_transaction_id")))


def _recurrence(constraint: dict[str, Any], found: dict[str, Any], at: str) -> None:
    if constraint.get("frequency") != "ON_DEMAND" or "max_occurrences" in constraint:
        raise _refused("Only recurrence ON_DEMAND without a count can be kept.", at)


READERS = {
    "payment.amount_range": _amount_range,
    "payment.budget": _budget,
    "payment.allowed_payees": _allowed_payees,
    "payment.execution_date": _execution_date,
    "payment.reference": _reference,
    "payment.agent_recurrence": _recurrence,
}


def _lower(found: dict[str, Any], currency: str, name: str, bound: int) -> None:
    """All constraints hold together, so the lowest bound counts."""
    ceiling = found["ceilings"].setdefault(currency, {})
    ceiling[name] = min(bound, ceiling.get(name, bound))


def _sooner(found: dict[str, Any], moment: datetime) -> None:
    found["expires_at"] = min(moment, found.get("expires_at", moment))


def _instant(text: Any, at: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise _refused("This is no ISO 8601 instant.", at) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _epoch(seconds: Any, at: str) -> datetime:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds < 2**33:
        raise _refused("exp counts seconds since 1970.", at)
    return datetime.fromtimestamp(seconds, UTC)


def _refused(detail: str, pointer: str) -> Refusal:
    fix = "Change the constraint, or write the mandate in our own form."
    return Refusal(422, "ap2_unsupported", detail, fix, pointer)
