"""Markets, their lots and their events."""

from typing import Annotated, Any

from msgspec import Meta

from marketplace.doors.asyncapi import ALL_KINDS
from marketplace.doors.rest.shapes.common import Instant, Minor, Numbered, Shape, Units, Untrusted, one_of
from marketplace.markets.models import Market as Row

Stream = Annotated[str, Meta(pattern="^(market:mkt_|participation:prt_|inbox:agt_)")]
After = Annotated[int, Meta(ge=0, description="go on from here")]


class Lot(Shape, frozen=True, kw_only=True):
    """A thing for sale: `supply` units (null: the rule's default), each at `reserve` or more."""

    id: str
    title: Untrusted
    supply: int | None
    reserve: Units
    seller: Annotated[str | None, Meta(description="an agent's id; null where nobody's account is paid")]
    buyer: Annotated[str | None, Meta(description="of a request: the agent that asks for it")]
    category: str | None
    attributes: dict[str, Any]


class Claim(Shape, frozen=True, kw_only=True):
    """What a rule promises, and on which assumptions."""

    name: str
    status: str
    assumes: list[str]


class Payment(Shape, frozen=True, kw_only=True):
    """How the market takes money, in numbers and in words."""

    money: Annotated[str, one_of(Row.Money.values)]
    on_default: Annotated[str | None, Meta(description="what follows where a charge fails")]
    deposit_minor: Minor | None
    most_minor: Annotated[Minor | None, Meta(description="no charge here is above it")]
    fee_bp: Annotated[int, Meta(ge=0, description="hundredths of a percent of what sellers receive, kept from it")]
    means: str


class Cancellation(Shape, frozen=True, kw_only=True):
    """Who cancels within so many seconds of acceptance gets so many percent back."""

    within_s: Numbered
    refund_percent: Annotated[int, Meta(ge=0, le=100)]


class AgendaAnswer(Shape, frozen=True, kw_only=True):
    """What a haggle is about: the values of each issue, and which issue's value the buyer pays the seller."""

    issues: dict[str, list[str | int]]
    transfers: list[dict[str, str]]


class Market(Shape, frozen=True, kw_only=True):
    """Everything public about a market."""

    id: str
    title: str
    description: Untrusted
    mechanism: Annotated[str, Meta(description="a rule's slug; GET mechanisms/ says what it does")]
    template: Annotated[str | None, Meta(description="by which an agent opened it")]
    opener: Annotated[str | None, Meta(description="that agent; title and description are its words")]
    invited_only: Annotated[bool, Meta(description="only the opener and whom it invites may join")]
    params: dict[str, Any]
    by_turns: Annotated[bool, Meta(description="played in moves (POST .../moves/); else it takes sealed bids")]
    agenda: Annotated[AgendaAnswer | None, Meta(description="of a haggle")]
    state: Annotated[str, one_of(Row.State.values, "draft: it opens at opens_at, and only who made it sees it")]
    currency: str
    exponent: Annotated[int, Meta(ge=0, le=6)]
    unit: Annotated[str, Meta(description="the scale of all amounts here, in words")]
    lots: list[Lot]
    disclosure: Annotated[str, one_of(Row.Disclosure.values, "what of the outcome is told to whom")]
    several_agents: bool
    payment: Payment
    accept_within_s: Annotated[int, Meta(description="for how long a seller may refuse its contract; 0: not at all")]
    cancellation: Annotated[list[Cancellation], Meta(description="what a bidder gets back who cancels, by when")]
    claims: Annotated[list[Claim], Meta(description="what the rule promises here")]
    limit_ladder: Annotated[list[int] | None, Meta(description="limits are one of these times a power of ten")]
    participants: int
    opens_at: Instant | None
    closes_at: Instant
    turn_due_at: Annotated[Instant | None, Meta(description="when time makes the next move, where it is by turns")]
    server_time: Instant


class MarketPage(Shape, frozen=True, kw_only=True):
    """Markets in an order drawn for the caller."""

    markets: list[Market]
    next_cursor: str | None


class Event(Shape, frozen=True, kw_only=True):
    """A row of a stream, in the bytes of the websocket's frames."""

    type: Annotated[str, one_of(["event"])]
    stream: Stream
    seq: Numbered
    kind: Annotated[str, one_of(ALL_KINDS)]
    at: Instant
    data: Annotated[dict[str, Any], Meta(description="by kind; docs/protocol.md has a table")]


class Events(Shape, frozen=True, kw_only=True):
    """Events past the numbers that were sent: the market's own, then the caller's."""

    events: list[Event]


class InboxPage(Shape, frozen=True, kw_only=True):
    """A page of the inbox."""

    events: list[Event]
    after: After


class Sizes(Shape, frozen=True, kw_only=True):
    """The largest problem that a rule takes: lots, bids, and atoms over all bids."""

    lots: int
    bids: int
    atoms: int


class Mechanism(Shape, frozen=True, kw_only=True):
    """A rule that a market may have."""

    slug: str
    title: str
    summary: str
    reference: str
    sides: str
    kind: str
    by_turns: Annotated[bool, Meta(description="played in moves; else it takes sealed bids")]
    version: int
    sizes: Sizes
    bundle_sizes: Annotated[Sizes | None, Meta(description="where bids name bundles of several lots")]
    params: Annotated[dict[str, Any], Meta(description="a JSON Schema")]
    claims: list[Claim]


class Mechanisms(Shape, frozen=True, kw_only=True):
    """All rules."""

    mechanisms: list[Mechanism]
