"""Agents, their keys, and how their principals pay and are paid."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from marketplace.agents.keys import SCOPES
from marketplace.agents.models import Principal as PrincipalRow
from marketplace.bidding.models import Participation
from marketplace.doors.rest.shapes.balances import Balance
from marketplace.doors.rest.shapes.common import Instant, Minor, Shape, one_of
from marketplace.doors.rest.shapes.mandates import MandateNow
from marketplace.settlement.models import PayoutAccount as AccountRow

Scope = Annotated[str, one_of(SCOPES)]
FullKey = Annotated[str, Meta(description="the key itself, shown this once", pattern="^wk_test_")]


class AgentMade(Shape, frozen=True, kw_only=True):
    """A new agent, with its key."""

    agent: str
    principal: str
    key: FullKey


class AgentStopped(Shape, frozen=True, kw_only=True):
    """An agent that was stopped, and all that were with it."""

    agent: str
    stopped: list[str]


class Principal(Shape, frozen=True, kw_only=True):
    """For whom an agent acts."""

    id: str
    name: str
    kind: Annotated[str, one_of(PrincipalRow.Kind.values)]


class PaymentSource(Shape, frozen=True, kw_only=True):
    """A payment method."""

    id: str
    label: str
    purse: Annotated[str, Meta(description="the label that a mandate's rules name")] | UnsetType = UNSET


class OwnAccount(Shape, frozen=True, kw_only=True):
    """Where the principal is paid."""

    id: str
    state: Annotated[str, one_of(AccountRow.State.values)]


class TakingPart(Shape, frozen=True, kw_only=True):
    """A participation in a market that is not over."""

    id: str
    market: str
    market_state: str
    closes_at: Instant
    state: Annotated[str, one_of(state for state in Participation.State.values if state != Participation.State.REFUSED)]
    limit_minor: Minor
    currency: str
    means: str


class Me(Shape, frozen=True, kw_only=True):
    """The agent behind the key, as the market sees it."""

    agent: str
    name: str
    principal: Principal
    scopes: list[Scope]
    key: Annotated[str, Meta(description="the id of the key that was sent")]
    mandate: MandateNow
    payment_methods: list[PaymentSource]
    balances: list[Balance]
    payout_account: OwnAccount | None
    participations: list[TakingPart]
    server_time: Instant


class Key(Shape, frozen=True, kw_only=True):
    """A key of the caller's agent; never in clear."""

    id: str
    prefix: str
    scopes: list[Scope]
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None


class KeyMade(Key, frozen=True, kw_only=True):
    """A new key."""

    key: FullKey


class KeyPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    keys: list[Key]
    next_cursor: str | None
