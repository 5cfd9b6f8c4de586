"""A bargain and what came of it: listed agreements, issues with values, or resources to share."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from mechanisms.bargaining import reading
from mechanisms.bargaining.telling import told
from mechanisms.cases import Case, Result
from mechanisms.decimals import Number
from mechanisms.errors import ProblemError
from mechanisms.types import Charge


class Agreement(Struct, frozen=True):
    """One agreement that could be made: its utility for each party, and what it makes them owe."""

    id: str
    utilities: dict[str, Number]
    charges: tuple[Charge, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        data: dict[str, Any] = {"id": self.id, "utilities": dict(sorted(self.utilities.items()))}
        return data if not self.charges else {**data, "charges": [charge.to_dict() for charge in self.charges]}


class Bargain(Case, frozen=True, kw_only=True):
    """A bargaining problem in one of three forms: `agreements`, `issues`, or `resources`.

    `parties` holds, by party, weights and values over the issues, or terms over the resources.
    """

    OPTIONAL: ClassVar[tuple[str, ...]] = (
        *("agreements", "disagreement"),
        *("issues", "resources", "parties", "transfers"),
    )

    agreements: tuple[Agreement, ...] = ()
    disagreement: dict[str, Number] = {}
    issues: dict[str, tuple[str | int, ...]] = {}
    resources: dict[str, Number] = {}
    parties: dict[str, dict[str, Any]] = {}
    transfers: tuple[dict[str, str], ...] = ()

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the three forms."""
        forms = [name for name in ("agreements", "issues", "resources") if name in data]
        if len(forms) != 1:
            raise ProblemError("one_form", "a bargain has exactly one of agreements, issues and resources")
        reading.check_fields(forms[0], data)
        return reading.READERS[forms[0]](data)

    def body(self) -> dict[str, Any]:
        """The fields of its form, agreements sorted by id."""
        if self.agreements:
            listed = [agreement.to_dict() for agreement in sorted(self.agreements, key=lambda found: found.id)]
            return {"agreements": listed, "disagreement": dict(sorted(self.disagreement.items()))}
        parties = {name: self.parties[name] for name in sorted(self.parties)}
        if self.resources:
            return {"resources": self.resources, "parties": parties}
        body: dict[str, Any] = {"issues": {name: list(values) for name, values in self.issues.items()}}
        body["parties"] = parties
        return body | ({"transfers": list(self.transfers)} if self.transfers else {})

    def agents(self) -> list[str]:
        """The parties, sorted."""
        return sorted(self.disagreement or self.parties)

    def told(self, outcome: Any, agent: str) -> list[str]:
        """What was agreed, and what it is worth to this party."""
        return told(self, outcome, agent)


class Chance(Struct, frozen=True, forbid_unknown_fields=True):
    """One agreement of a lottery and how likely it is."""

    agreement: str | dict[str, str | int]
    probability: Number

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"agreement": self.agreement, "probability": self.probability}


class Bargained(Result, frozen=True, kw_only=True):
    """The agreement (an id, or a value for each issue), a lottery over agreements, or shares of the resources.

    `utilities` are those of the agreement, or of the disagreement point where there is none.
    """

    SILENT: ClassVar[tuple[str, ...]] = (*Result.SILENT, "agreement", "lottery", "shares")

    utilities: dict[str, Number]
    agreement: str | dict[str, str | int] | None = None
    lottery: tuple[Chance, ...] = ()
    shares: dict[str, dict[str, Number]] = {}
