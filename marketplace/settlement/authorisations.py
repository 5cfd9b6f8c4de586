"""Authorisations: the hold behind each participation."""

from marketplace.agents.models import Principal
from marketplace.settlement.models import Authorisation, Journal


def reserve(*, journal: Journal, reference: str, principal: Principal, amount_minor: int) -> Authorisation:
    """Write down the hold to be made for a participation; inside the caller's transaction."""
    raise NotImplementedError


def authorise(*, authorisation: Authorisation) -> Authorisation:
    """Ask Stripe for the hold; outside any transaction."""
    raise NotImplementedError


def release_all(*, journal: Journal) -> int:
    """Every hold of the journal that charges nothing will be let go; how many."""
    raise NotImplementedError
