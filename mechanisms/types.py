"""What a rule takes and gives: Problem and Outcome with their parts, frozen, JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from mechanisms.bids import Atom, Bid, Lot, Step
from mechanisms.errors import ProblemError
from mechanisms.fields import read_currency, read_free, read_id, read_int, read_object, read_seed
from mechanisms.reading import read_bid, read_bids, read_lots, states_preferences
from mechanisms.strict_json import parse

__all__ = ["Atom", "Award", "Bid", "Charge", "Lot", "Outcome", "Problem", "ProblemError", "Status", "Step", "read_bid"]

Status = Literal["cleared", "no_trade", "void", "unproven", "disagreement", "no_equilibrium"]
MAX_EXPONENT = 12
_encoder = msgspec.json.Encoder(decimal_format="number")


class Problem(Struct, frozen=True, forbid_unknown_fields=True):
    """The frozen input of a mechanism; all money counts 10^-exponent of the currency."""

    mechanism: str
    currency: str
    exponent: int
    lots: tuple[Lot, ...]
    bids: tuple[Bid, ...]
    params: dict[str, Any] = {}
    seed: str = "00"

    @classmethod
    def from_json(cls, raw: bytes | str | Mapping[str, Any]) -> Problem:
        """A problem from JSON text or from already parsed JSON values; raises ProblemError with a pointer.

        A bid's `preference` is compiled here, by the house's categories and the problem's own `categories`: to atoms,
        or to a program where they would be many and the rule takes one.
        """
        data = read_object(
            parse(raw) if isinstance(raw, bytes | str) else raw,
            "",
            ("mechanism", "currency", "exponent", "lots", "bids"),
            ("params", "seed", "categories"),
        )
        lots = read_lots(data["lots"])
        currency = read_currency(data["currency"], "/currency")
        exponent = read_int(data["exponent"], "/exponent", 0, MAX_EXPONENT)
        bids, mechanism = data["bids"], read_id(data["mechanism"], "/mechanism")
        if "categories" in data or states_preferences(bids):
            from mechanisms.preferences.stating import stated_bids  # noqa: PLC0415 - only for who states one

            bids = stated_bids(bids, lots, data.get("categories", {}), currency, exponent, mechanism)
        return cls(
            mechanism=mechanism,
            currency=currency,
            exponent=exponent,
            lots=lots,
            bids=read_bids(bids, {lot.id: lot for lot in lots}),
            params=read_free(data.get("params", {}), "/params"),
            seed=read_seed(data.get("seed", "00"), "/seed"),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values: lots and bids sorted by id, fields at their defaults left out, so equal problems look equal."""
        return {
            "mechanism": self.mechanism,
            "params": self.params,
            "seed": self.seed,
            "currency": self.currency,
            "exponent": self.exponent,
            "lots": [lot_dict(lot) for lot in sorted(self.lots, key=lambda lot: lot.id)],
            "bids": [bid.to_dict() for bid in sorted(self.bids, key=lambda bid: bid.agent)],
        }

    def to_json(self) -> bytes:
        """The problem as a file that `python -m mechanisms run` accepts."""
        return _encoder.encode(self.to_dict())


def lot_dict(lot: Lot) -> dict[str, Any]:
    """JSON values of a lot, fields at their defaults left out."""
    optional = {
        "supply": lot.supply,
        "reserve": lot.reserve or None,
        "seller": lot.seller,
        "buyer": lot.buyer,
        "category": lot.category,
        "attributes": lot.attributes or None,
    }
    return {"id": lot.id, **{name: value for name, value in optional.items() if value is not None}}


class Award(Struct, frozen=True, forbid_unknown_fields=True):
    """What one agent gets (negative: gives) and the value it stated for it; `position` counts slots from 1."""

    agent: str
    bundle: dict[str, int]
    value: int
    position: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON values; `position` only where the rule assigns one."""
        data: dict[str, Any] = {"agent": self.agent, "bundle": dict(sorted(self.bundle.items())), "value": self.value}
        return data if self.position is None else {**data, "position": self.position}


class Charge(Struct, frozen=True, forbid_unknown_fields=True):
    """`payer` owes `payee` a positive amount of units; "@market" is the counterparty in two-sided rules."""

    payer: str
    payee: str
    amount: int

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"payer": self.payer, "payee": self.payee, "amount": self.amount}


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """The frozen result of a mechanism; lists sorted by id, `payments` net and with every bidder."""

    mechanism: str
    status: Status
    awards: tuple[Award, ...]
    payments: dict[str, int]
    charges: tuple[Charge, ...]
    prices: dict[str, int]
    welfare: int
    revenue: int
    certificate: dict[str, Any]
    digest: str

    def to_dict(self) -> dict[str, Any]:
        """JSON values in the contract's order of fields."""
        return {
            "mechanism": self.mechanism,
            "status": self.status,
            "awards": [award.to_dict() for award in self.awards],
            "payments": dict(self.payments),
            "charges": [charge.to_dict() for charge in self.charges],
            "prices": dict(self.prices),
            "welfare": self.welfare,
            "revenue": self.revenue,
            "certificate": self.certificate,
            "digest": self.digest,
        }

    def to_json(self) -> bytes:
        """The same outcome always gives the same bytes."""
        return _encoder.encode(self.to_dict())

    @classmethod
    def from_json(cls, raw: bytes | str | Mapping[str, Any]) -> Outcome:
        """An outcome from JSON text or values, as `verify` reads it; raises ProblemError."""
        data = parse(raw) if isinstance(raw, bytes | str) else dict(raw)
        try:
            return msgspec.convert(thawed(data), cls)
        except msgspec.ValidationError as error:
            raise ProblemError("invalid_outcome", str(error)) from error

    def award_of(self, agent: str) -> Award | None:
        """What this agent got, or None."""
        return next((award for award in self.awards if award.agent == agent), None)


def thawed(data: Any) -> Any:
    """The same values with Decimals as floats, which is how certificates are stored."""
    if isinstance(data, Decimal):
        return float(data)
    if isinstance(data, Mapping):
        return {key: thawed(value) for key, value in data.items()}
    return [thawed(value) for value in data] if isinstance(data, list) else data


STATUSES: tuple[str, ...] = get_args(Status)
