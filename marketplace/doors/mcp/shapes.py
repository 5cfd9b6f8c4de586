"""The tools' arguments, as they are parsed and as their schemas tell a language model."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

Market = Annotated[str, Meta(description="a market's id, mkt_...")]
Cursor = Annotated[str | None, Meta(description="next_cursor of the answer before, for what follows")]
Units = "an integer in the market's units: with exponent 2, 8500 is 85.00"
Lots = Annotated[
    dict[str, int],
    Meta(description="quantity by lot id; negative sells, in markets with two sides", examples=[{"room": 1}]),
]


class Nothing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """No arguments."""


class OneMarket(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A market."""

    market: Market


class Find(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which markets; all filters are optional."""

    market: Annotated[str | None, Meta(description="this one only, with all its lots")] = None
    state: Annotated[str | None, Meta(description="open (default), closed, settled or cancelled")] = None
    mechanism: Annotated[str | None, Meta(description="the rule's slug, such as second_price")] = None
    currency: Annotated[str | None, Meta(description="such as EUR")] = None
    open_for: Annotated[int | None, Meta(description="open for at least so many seconds more")] = None
    text: Annotated[str | None, Meta(description="words of the title or the description")] = None
    category: Annotated[str | None, Meta(description="such as flight/1, which one of the lots is of")] = None
    attribute: Annotated[str | None, Meta(description="name:value, which one of the lots has")] = None
    preference: Annotated[str | None, Meta(description="with a lot for your stored preference, prf_...")] = None
    cursor: Cursor = None


class Join(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where, and under which limit."""

    market: Market
    limit_minor: Annotated[
        int,
        Meta(description="the most you can be charged there, in cents (minor units); held on the card; 0 to sell only"),
    ]


class AskPerson(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which check-in."""

    checkin: Annotated[str, Meta(description="its id, chk_..., from join or raise_limit")]


class Ponder(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An act that is only thought of: a market and a limit, or a field and to whom it would be told."""

    market: Annotated[str | None, Meta(description="the market that you would join, mkt_...")] = None
    limit_minor: Annotated[int | None, Meta(description="under which limit, in cents (minor units)")] = None
    tell: Annotated[str | None, Meta(description="the field that you would tell, such as dates")] = None
    to: Annotated[str | None, Meta(description="to whom: an agent's id agt_..., or anyone")] = None


class Atom(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A bundle and what it is worth."""

    bundle: Lots
    value: Annotated[int, Meta(description="the most you pay for the whole bundle (negative: ask at least), " + Units)]


class Step(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """So many units at one price each."""

    lot: Annotated[str, Meta(description="a lot's id")]
    quantity: Annotated[int, Meta(description="units wanted; negative sells")]
    price: Annotated[int, Meta(description="per unit, " + Units)]


class Proposal(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Something that a seller would deliver to who asks."""

    id: Annotated[str, Meta(description="your name for it")]
    attributes: dict[str, Any]
    ask: Annotated[int, Meta(description="the least that you take for it, " + Units)]


class Offer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A bid, for the schema only: atoms, of which one at most wins, or steps, which add up, or a preference."""

    market: Market
    atoms: list[Atom] | None = None
    steps: list[Step] | None = None
    preference: Annotated[
        str | dict[str, Any] | None,
        Meta(description="instead: id of a stored preference (prf_...), or one in the language of docs/preferences.md"),
    ] = None
    offers: Annotated[
        list[Proposal] | None, Meta(description="to a request, as a seller: what you would deliver, each with your ask")
    ] = None
    worth: Annotated[
        dict[str, Any] | None,
        Meta(
            description="to your own request: {base, values: {attribute: {value: units}}}; with a category as in a "
            "preference: {base, terms}. Read by nobody but the clearing"
        ),
    ] = None
    must: Annotated[list[Any] | None, Meta(description="to your own request, with a category: conditions")] = None
    budget: Annotated[int | None, Meta(description="the most that the whole bid may be charged, " + Units)] = None
    replaces: Annotated[str | None, Meta(description="id of your standing bid that this one replaces")] = None


class Move(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A move, as an answer to the last one."""

    market: Market
    n: Annotated[int, Meta(ge=1, description="turn.n of the last answer, plus 1: the number that this move is to have")]
    type: Annotated[str, Meta(description="one of the types in turn.legal, such as offer, accept, reject, bid, order")]
    data: Annotated[
        dict[str, Any], Meta(description="as its schema in turn.legal says; {} for accept, reject, walk_away, exit")
    ] = {}


class OneBid(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which bid."""

    market: Market
    bid: Annotated[str, Meta(description="your bid's id, bid_...")]


class MyBids(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which bids."""

    market: Annotated[str | None, Meta(description="only those in this market")] = None
    cursor: Cursor = None


class Answer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A contract, and the seller's word."""

    contract: Annotated[str, Meta(description="its id, ctr_..., from contracts")]
    answer: Annotated[str, Meta(description="accept or refuse")]


class Listing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where to go on."""

    cursor: Cursor = None


class Invite(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whom to invite, and where."""

    market: Market
    agents: Annotated[list[str], Meta(description="agents' ids, agt_...")]


class Wait(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What for, and how long."""

    market: Market
    after: Annotated[int, Meta(ge=0, description="number of the last public event you have")] = 0
    mine: Annotated[int, Meta(ge=0, description="number of the last event of your own you have")] = 0
    seconds: Annotated[int, Meta(ge=0, le=25, description="how long to wait at most")] = 20
