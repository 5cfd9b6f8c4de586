"""Markets that agents open themselves, within the bounds of an approved template and of a quota."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent
from marketplace.core import clock, limits, streams
from marketplace.core.limits import NAME_CHARS
from marketplace.core.refusals import Refusal, wrong_field
from marketplace.core.untrusted import visible
from marketplace.mandates.acts import NO_CATEGORY, Act
from marketplace.mandates.checkins import denied
from marketplace.mandates.grants import locked_chain
from marketplace.mandates.policies import ALONE, NEVER
from marketplace.markets.configuration import (
    Agenda,
    CancellationTerm,
    LotConfiguration,
    MarketConfiguration,
    closing_instant,
    opening_instant,
)
from marketplace.markets.drafts import add_lots
from marketplace.markets.invitations import add_invitations, find_invited, refuse_but_opener
from marketplace.markets.models import Market, Template
from marketplace.markets.services import create_market, open_market
from marketplace.markets.templates import chosen_params, find_template
from marketplace.markets.terms import find_market
from marketplace.markets.turns import haggles

Side = Template.Side
DAY = timedelta(days=1)


class OpeningLot(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A lot as its opener states it; who sells it, or asks for it, follows from the template."""

    id: str
    title: str = ""
    supply: int | None = None
    reserve: int = 0
    category: str | None = None
    attributes: dict[str, Any] = {}


class Opening(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A market as an agent opens it by a template (GET templates/); it opens at once unless `opens_at` says later."""

    template: str
    title: str
    currency: str
    lots: list[OpeningLot]
    side: str = ""
    invite: list[str] = []
    params: dict[str, Any] = {}
    agenda: Agenda | None = None
    closes_at: datetime | None = None
    closes_in_s: int | None = None
    opens_at: datetime | None = None
    exponent: int = 2
    description: str = ""
    cancellation: list[CancellationTerm] = []


@transaction.atomic
def open_by_template(*, opening: Opening, identity: Identity) -> Market:
    """A market of the agent's own, open at once or at its time. Raises Refusal, with a pointer where input is wrong."""
    template = find_template(opening.template)
    side = _side(template, opening.side)
    invited = find_invited(opening.invite, identity)
    if len(invited) < template.invitations:
        detail = f"By the template {template.name} you invite {template.invitations} at once."
        raise wrong_field("invitation_missing", detail, "/invite")
    opener = Agent.objects.select_for_update(no_key=True).get(pk=identity.agent_id)
    now = clock.now()
    _refuse_over_quota(opener, now)
    config = _configured(template, opening, side, _sellers(template, side, opener, invited), opener)
    _refuse_duration(template, config, now)
    _refuse_unlisted(template, config)
    market = create_market(config=config, opener=opener, template=template)
    _refuse_by_mandate(market, config, opener, now)
    streams.forward(market.stream, inbox_of(opener.ref), {"market": market.ref})
    add_invitations(market, invited)
    if opening.opens_at is None:
        _open(market, opener)
    return market


def find_own(ref: str, identity: Identity) -> Market:
    """A market of this name, also in draft where the agent itself will open it."""
    own = Market.objects.filter(ref=ref, state=Market.State.DRAFT, opener_id=identity.agent_id).first()
    return own or find_market(ref)


@transaction.atomic
def add_own_lots(*, market: Market, identity: Identity, lots: Sequence[OpeningLot]) -> Market:
    """More lots for a market of one's own that has not opened yet. Raises Refusal."""
    refuse_but_opener(market, identity)
    locked = Market.objects.select_for_update().get(pk=market.pk)
    template, first = locked.template, locked.lots.select_related("seller", "buyer").order_by("pk")[0]
    assert template is not None  # noqa: S101 - who opened it did so by a template
    stated = _lots(lots, first.seller, first.buyer)
    _refuse_number(template, locked.lots.count() + len(stated))
    _refuse_categories(template, stated)
    add_lots(market=locked, lots=stated)
    return locked


def _lots(lots: Sequence[OpeningLot], seller: Agent | None, buyer: Agent | None) -> list[LotConfiguration]:
    parties: dict[str, Any] = {"seller": seller and seller.ref, "buyer": buyer and buyer.ref}
    return [LotConfiguration(**{**msgspec.structs.asdict(lot), **parties}) for lot in lots]


def _side(template: Template, stated: str) -> str:
    """Which side the opener is on: the template's, or what it says where either will do."""
    fits = ("", template.side) if template.side != Side.EITHER else (Side.SELLER, Side.BUYER)
    if stated not in fits:
        detail = f"By the template {template.name} you are the {template.side}."
        if template.side == Side.EITHER:
            detail = "Say whether you are the seller or the buyer."
        raise wrong_field("side_unclear", detail, "/side")
    return stated or template.side


def _sellers(template: Template, side: str, opener: Agent, invited: Sequence[Agent]) -> Agent | None:
    """Who sells the lots: the opener, or whom it invites to haggle; of a request nobody yet."""
    if side == Side.SELLER:
        return opener
    return invited[0] if haggles(template.mechanism) else None


def _configured(
    template: Template, opening: Opening, side: str, seller: Agent | None, opener: Agent
) -> MarketConfiguration:
    return MarketConfiguration(
        title=visible(opening.title, NAME_CHARS),
        description=opening.description,
        mechanism=template.mechanism,
        params=chosen_params(template, opening.params),
        currency=opening.currency,
        exponent=opening.exponent,
        lots=_lots(opening.lots, seller, None if seller else opener),
        closes_at=opening.closes_at,
        closes_in_s=opening.closes_in_s,
        opens_at=opening.opens_at,
        disclosure=template.disclosure,
        money=template.money,
        fee_bp=template.fee_bp,
        cancellation=opening.cancellation,
        agenda=opening.agenda,
    )


def _refuse_over_quota(opener: Agent, now: datetime) -> None:
    standing = opener.opened.filter(state__in=(Market.State.DRAFT, Market.State.OPEN)).count()
    if standing >= limits.MARKETS_OPEN_PER_AGENT:
        detail = f"You have {standing} markets open, as many as an agent may have."
        raise Refusal(409, "too_many_markets", detail, "Wait for one of them to close.")
    lately = opener.opened.filter(created_at__gt=now - DAY).count()
    if lately >= limits.MARKETS_A_DAY_PER_AGENT:
        detail = f"You have opened {lately} markets within a day, as many as an agent may."
        raise Refusal(409, "too_many_markets", detail, "Open the next one later.")


def _refuse_duration(template: Template, config: MarketConfiguration, now: datetime) -> None:
    seconds = (closing_instant(config, now) - opening_instant(config, now)).total_seconds()
    if not template.shortest_s <= seconds <= template.longest_s:
        bounds = f"{template.shortest_s} to {template.longest_s} seconds"
        detail = f"A market by the template {template.name} is open for {bounds}."
        raise wrong_field("closing_out_of_bounds", detail, "/closes_in_s" if config.closes_in_s else "/closes_at")


def _refuse_unlisted(template: Template, config: MarketConfiguration) -> None:
    if template.currencies and config.currency not in template.currencies:
        detail = f"The template {template.name} is for {', '.join(template.currencies)}."
        raise wrong_field("currency_not_in_template", detail, "/currency")
    _refuse_number(template, len(config.lots))
    _refuse_categories(template, config.lots)


def _refuse_number(template: Template, lots: int) -> None:
    if lots > template.lots:
        raise wrong_field("lots_out_of_bounds", f"The template {template.name} takes {template.lots} lots.", "/lots")


def _refuse_categories(template: Template, lots: Sequence[LotConfiguration]) -> None:
    for index, lot in enumerate(lots):
        if template.categories and lot.category not in template.categories:
            detail = f"The template {template.name} is for lots of {', '.join(template.categories)}."
            raise wrong_field("category_not_in_template", detail, f"/lots/{index}/category")


def _refuse_by_mandate(market: Market, config: MarketConfiguration, opener: Agent, at: datetime) -> None:
    """To open a market costs nothing, but may give something away: who must ask before a deal of 0 may not open one."""
    chain = locked_chain(opener.pk)
    act = Act(
        kind="open",
        market=market.ref,
        title=market.title,
        currency=market.currency,
        limit_minor=0,
        more_minor=0,
        mechanism=market.mechanism,
        disclosure=market.disclosure,
        closes_at=market.closes_at,
        categories=frozenset(lot.category or NO_CATEGORY for lot in config.lots),
    )
    verdict = chain.decide(act, at)
    if verdict.word == NEVER:
        raise denied(chain, verdict)
    if verdict.word != ALONE:
        detail = "Your mandate has your person asked before a deal like this, so you may not open a market for one."
        raise Refusal(403, "opening_not_alone", detail, "Have your person let you do this alone, in the mandate.")


def _open(market: Market, opener: Agent) -> None:
    """Open it; of another who cannot be paid nothing more is told than that."""
    try:
        open_market(market=market)
    except Refusal as refusal:
        sellers: Sequence[Mapping[str, Any]] = refusal.extra.get("sellers", ())
        if refusal.code != "seller_not_payable" or all(each["seller"] == opener.ref for each in sellers):
            raise
        fix = "Invite another seller, or try again later."
        raise Refusal(409, "seller_not_payable", "Whom you invite cannot be paid now.", fix, "/invite") from None
