"""What a principal has paid in before."""

from typing import Annotated

from msgspec import Meta

from marketplace.doors.rest.shapes.common import Instant, Minor, Shape, one_of
from marketplace.settlement.models import Obligation
from marketplace.settlement.statements import WHAT


class Balance(Shape, frozen=True, kw_only=True):
    """A balance, as it stands."""

    currency: str
    available_minor: Annotated[int, Meta(description="what joins may take and withdrawals may give back")]
    held_minor: Annotated[int, Meta(description="promised to markets that are not settled")]
    returning_minor: Annotated[int, Meta(description="on its way back to the card")]
    coming_minor: Annotated[int, Meta(description="charged, and not confirmed by the processor yet")]
    disputed_minor: Annotated[int, Meta(description="of top-ups that were taken back through a bank")]
    owed_minor: Annotated[int, Meta(description="ran up in charges too small for a card; collected with the next")]
    means: str


class BalancePage(Shape, frozen=True, kw_only=True):
    """By currency."""

    balances: list[Balance]
    next_cursor: str | None


class Entry(Shape, frozen=True, kw_only=True):
    """One thing that happened to a balance."""

    at: Instant
    what: Annotated[str, one_of(WHAT)]
    amount_minor: Minor
    market: Annotated[str | None, Meta(description="null where it came from a card, or went back to one")]
    reference: Annotated[str, Meta(description="the participation or the top-up that it is about")]
    means: str


class BalanceInFull(Balance, frozen=True, kw_only=True):
    """A balance with its newest entries, at most a hundred."""

    entries: list[Entry]


class TopUp(Shape, frozen=True, kw_only=True):
    """One charge of a saved card onto the balance."""

    id: str
    amount_minor: Minor
    currency: str
    state: Annotated[str, one_of((Obligation.State.PENDING, Obligation.State.UNKNOWN, Obligation.State.PAID))]
    means: str
    balance: Balance


class Withdrawal(Shape, frozen=True, kw_only=True):
    """What goes back to the cards that it came from."""

    refunds: Annotated[list[str], Meta(description="their ids; GET settlements/ tells what became of them")]
    amount_minor: Minor
    currency: str
    means: str
    balance: Balance
