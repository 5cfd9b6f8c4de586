"""Obligations: what an outcome makes payers owe and payees be owed."""

from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.settlement.models import Journal, Obligation


@dataclass(frozen=True, slots=True)
class Summary:
    """How far the settlement of a round is."""

    settled: bool
    states: dict[str, int]


def record_obligations(
    *,
    journal: Journal,
    round_ref: str,
    collects: Mapping[str, int],
    payouts: Mapping[str, int],
    principals: Mapping[str, int],
    surplus_minor: int,
    residue_minor: int,
) -> list[Obligation]:
    """The obligations of a cleared round; inside the clearing's transaction."""
    raise NotImplementedError


def advance_obligation(obligation_id: int) -> Obligation:
    """Do now what is due for one obligation."""
    raise NotImplementedError


def settled(round_ref: str) -> Summary:
    """Whether a round's obligations and its journal's holds have all come to rest."""
    raise NotImplementedError


def unsettled_count(journal: Journal) -> int:
    """Obligations and holds of a journal that still move."""
    raise NotImplementedError
