"""An estate and the claims on it, and how it was divided."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from mechanisms.cases import Case, Result
from mechanisms.decimals import LARGEST, Number
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_object
from mechanisms.money import in_words

MOST_CLAIMS = 100_000


class Claims(Case, frozen=True, kw_only=True):
    """`estate` units to be divided, and how many units each agent claims."""

    REQUIRED: ClassVar[tuple[str, ...]] = ("estate", "claims")

    estate: int
    claims: dict[str, int]

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The estate and the claims, whole units from 0 up."""
        stated = data["claims"]
        stated = read_object(stated, "/claims", (), stated if isinstance(stated, dict) else ())
        if not 1 <= len(stated) <= MOST_CLAIMS:
            raise ProblemError("number_of_claims", f"an estate has 1 to {MOST_CLAIMS} claims", "/claims")
        claims = {}
        for name in sorted(stated):
            at = f"/claims/{escape(name)}"
            claims[read_id(name, at)] = read_int(stated[name], at, 0, LARGEST)
        return {"estate": read_int(data["estate"], "/estate", 0, LARGEST), "claims": claims}

    def body(self) -> dict[str, Any]:
        """Claims sorted by agent."""
        return {"estate": self.estate, "claims": dict(sorted(self.claims.items()))}

    def agents(self) -> list[str]:
        """Who claims, sorted."""
        return sorted(self.claims)

    def told(self, outcome: Any, agent: str) -> list[str]:
        """The claim, the exact share, and the whole units."""
        words = _words(self, -outcome.payments[agent])
        share = outcome.fractions[agent]
        exact = f" Your exact share is {share}." if "/" in share else ""
        return [f"You claimed {_words(self, self.claims[agent])} and receive {words}.{exact}"]


def _words(problem: Claims, amount: int) -> str:
    return str(amount) if problem.currency is None else in_words(amount, problem.currency, problem.exponent or 0)


class Divided(Result, frozen=True, kw_only=True):
    """Exact shares as numbers and as fractions; payments are minus the whole units that each receives."""

    shares: dict[str, Number]
    fractions: dict[str, str]


def as_number(share: Fraction) -> Number:
    """The share as a JSON number: whole, or the nearest double."""
    return int(share) if share.denominator == 1 else Decimal(repr(float(share)))
