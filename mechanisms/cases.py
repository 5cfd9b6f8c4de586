"""Problems that are no auctions, and their outcomes: what every kind of them shares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self

import msgspec
from msgspec import Struct

from mechanisms.errors import ProblemError
from mechanisms.fields import read_currency, read_free, read_id, read_int, read_object, read_seed
from mechanisms.strict_json import parse
from mechanisms.types import MAX_EXPONENT, Award, Charge, Status, thawed

_encoder = msgspec.json.Encoder(decimal_format="number")


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frozen input of a rule that is no auction; a kind adds its own fields and how they are read."""

    REQUIRED: ClassVar[tuple[str, ...]] = ()
    OPTIONAL: ClassVar[tuple[str, ...]] = ()

    mechanism: str
    currency: str | None = None
    exponent: int | None = None
    params: dict[str, Any] = {}
    seed: str = "00"

    @classmethod
    def from_json(cls, raw: bytes | str | Mapping[str, Any]) -> Self:
        """A problem from JSON text or from already parsed JSON values; raises ProblemError with a pointer."""
        optional = ("params", "seed", "currency", "exponent", *cls.OPTIONAL)
        data = parse(raw) if isinstance(raw, bytes | str) else raw
        data = read_object(data, "", ("mechanism", *cls.REQUIRED), optional)
        currency, exponent = data.get("currency"), data.get("exponent")
        return cls(
            mechanism=read_id(data["mechanism"], "/mechanism"),
            currency=None if currency is None else read_currency(currency, "/currency"),
            exponent=None if exponent is None else read_int(exponent, "/exponent", 0, MAX_EXPONENT),
            params=read_free(data.get("params", {}), "/params"),
            seed=read_seed(data.get("seed", "00"), "/seed"),
            **cls.read_body(data),
        )

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The kind's own fields from JSON values; raises ProblemError."""
        raise NotImplementedError

    def body(self) -> dict[str, Any]:
        """The kind's own fields as JSON values, in an order that does not depend on the file's."""
        raise NotImplementedError

    def agents(self) -> list[str]:
        """Who can be told why, sorted."""
        raise NotImplementedError

    def told(self, outcome: Any, agent: str) -> list[str]:
        """The outcome for one agent, in sentences."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """JSON values; equal problems look equal."""
        money = {"currency": self.currency, "exponent": self.exponent}
        head = {"mechanism": self.mechanism, "params": self.params, "seed": self.seed}
        return head | {name: value for name, value in money.items() if value is not None} | self.body()

    def to_json(self) -> bytes:
        """The problem as a file that `python -m mechanisms run` accepts."""
        return _encoder.encode(self.to_dict())


class Result(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frozen result of such a rule; a kind adds what it gives. Of SILENT fields, empty ones are left out."""

    SILENT: ClassVar[tuple[str, ...]] = ("awards", "payments", "charges")

    mechanism: str
    status: Status
    certificate: dict[str, Any]
    awards: tuple[Award, ...] = ()
    payments: dict[str, int] = {}
    charges: tuple[Charge, ...] = ()
    digest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON values; numbers that are not whole are Decimals."""
        data = {name: _plain(getattr(self, name)) for name in self.__struct_fields__}
        last = {"certificate": data.pop("certificate"), "digest": data.pop("digest")}
        return {name: value for name, value in data.items() if value or name not in self.SILENT} | last

    def to_json(self) -> bytes:
        """The same outcome always gives the same bytes."""
        return _encoder.encode(self.to_dict())

    @classmethod
    def from_json(cls, raw: bytes | str | Mapping[str, Any]) -> Self:
        """An outcome from JSON text or values, as `verify` reads it; raises ProblemError."""
        data = parse(raw) if isinstance(raw, bytes | str) else raw
        if isinstance(data, Mapping) and "certificate" in data:
            data = {**data, "certificate": thawed(data["certificate"])}
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise ProblemError("invalid_outcome", str(error)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value.to_dict() if isinstance(value, Struct) else value  # type: ignore[attr-defined]


def exactly(numerator: int, scale: int) -> Decimal | int:
    """numerator / scale as a JSON number without loss; `scale` is a power of ten."""
    whole, rest = divmod(numerator, scale)
    if not rest:
        return whole
    places = len(str(scale)) - 1
    sign = "-" if numerator < 0 else ""
    digits = str(abs(numerator)).rjust(places + 1, "0")
    return Decimal(f"{sign}{digits[:-places]}.{digits[-places:].rstrip('0')}")


def nine_digits(value: float) -> Decimal | int:
    """A measured number as outcomes carry it: nine significant digits, whole where it is whole."""
    near = Decimal(f"{value:.9g}")
    return int(near) if near == near.to_integral_value() and abs(near) < 10**15 else near.normalize()
