"""The life of a market: each arrow one function, one transaction, one conditional UPDATE whose loser stops."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from simple_history.utils import bulk_create_with_history

from marketplace.agents.models import Agent
from marketplace.core import boxes, clock, streams
from marketplace.core.clearing_keys import public_key
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal, not_found
from marketplace.core.untrusted import visible
from marketplace.markets.configuration import (
    LotConfiguration,
    MarketConfiguration,
    checked,
    closing_instant,
    opening_instant,
)
from marketplace.markets.deficits import most_lacking_minor
from marketplace.markets.invitations import invitation_entries
from marketplace.markets.models import Lot, Market, Round, Template
from marketplace.markets.money import money_answer, settle_terms
from marketplace.markets.sellers import refuse_unpayable
from marketplace.markets.terms import first_turn, published_terms
from marketplace.preferences.categories import use_categories
from marketplace.settlement.services import hold_subsidy, open_journal, release_all, settled
from mechanisms.check.receipts import commitment_of
from mechanisms.types import thawed

REASON_CHARS = 500  # what a row keeps of a reason


@transaction.atomic
def create_market(
    *,
    config: MarketConfiguration,
    operator: Agent | None = None,
    opener: Agent | None = None,
    template: Template | None = None,
) -> Market:
    """A new market in draft; it opens by the sweep when its time has come."""
    checked(config)
    now = clock.now()
    market = Market(
        title=config.title,
        description=config.description,
        mechanism=config.mechanism,
        params=thawed(config.params),
        currency=config.currency,
        exponent=config.exponent,
        disclosure=config.disclosure,
        several_agents=config.several_agents,
        money=config.money,
        on_default=config.on_default,
        deposit_minor=config.deposit_minor,
        most_minor=config.most_minor,
        fee_bp=config.fee_bp,
        accept_within_s=config.accept_within_s,
        cancellation=msgspec.to_builtins(config.cancellation),
        agenda=msgspec.to_builtins(config.agenda) or {},
        opens_at=opening_instant(config, now),
        closes_at=closing_instant(config, now),
        operator=operator,
        opener=opener,
        template=template,
        invited_only=template is not None and template.invited_only,
    )
    draft_market(market=market)
    lots, by = [lot_row(market, lot) for lot in config.lots], operator or opener
    bulk_create_with_history(lots, Lot, default_change_reason=by.ref if by else None)
    use_categories(lot.category for lot in config.lots if lot.category)
    return market


@transaction.atomic
def draft_market(*, market: Market) -> Market:
    """Store a new market in draft with what nobody chooses: its name, seed, books and public stream."""
    settle_terms(market)
    market.ref, market.state = new_ref("mkt"), Market.State.DRAFT
    market.seed, market.created_at = secrets.token_hex(16), clock.now()
    market.journal = open_journal(name=f"market:{market.ref}", currency=market.currency)
    if by := market.operator or market.opener:
        market._change_reason = by.ref  # where its history looks for it
    market.save(force_insert=True)
    streams.open_stream(market.stream)
    return market


def lot_row(market: Market, lot: LotConfiguration) -> Lot:
    """A lot's row, not stored yet."""
    return Lot(
        market=market,
        name=lot.id,
        title=lot.title,
        supply=lot.supply,
        reserve=lot.reserve,
        seller=_agent(lot.seller),
        buyer=_agent(lot.buyer),
        category=lot.category or "",
        attributes=thawed(lot.attributes),  # a row holds JSON, whose decimals are doubles
    )


def _agent(ref: str | None) -> Agent | None:
    found = Agent.objects.filter(ref=ref).first() if ref else None
    if ref and found is None:
        raise not_found("agent", ref)
    return found


@transaction.atomic
def open_market(*, market: Market) -> bool:
    """draft -> open; False where someone else was first; refused while a seller cannot be paid, or a deficit."""
    refuse_unpayable(market)
    use_categories(market.lots.exclude(category="").values_list("category", flat=True))
    keys, at = fresh_bid_keys(), clock.now()
    if not _move(market, Market.State.DRAFT, Market.State.OPEN, **keys, **first_turn(market, at)):
        return False
    hold_subsidy(journal=market.journal, amount_minor=most_lacking_minor(market))
    facts = {
        "title": market.title,
        "mechanism": market.mechanism,
        "closes_at": clock.stamp(market.closes_at),
        "seed_commitment": commitment_of(market.ref, market.seed),
        "terms": published_terms(market),
        "money": money_answer(market),
        "bid_key": keys["bid_key"].hex(),
    }
    invited = [row.agent for row in market.invited.select_related("agent").order_by("pk")]
    entries = [streams.Entry(market.stream, "market.opened", facts), *invitation_entries(market, invited)]
    streams.append_all(entries, at)
    return True


def fresh_bid_keys() -> dict[str, Any]:
    """A key pair for one market's bids; its secret half leaves this function sealed to the clearing, and only so."""
    pair, clearing = boxes.new_pair(), public_key(settings.CLEARING_PUBLIC_KEY, settings.CLEARING_SECRET_FILE)
    return {
        "bid_key": pair.public,
        "sealed_bid_key": boxes.seal(clearing, pair.secret),
        "clearing_key": clearing.hex(),
    }


@transaction.atomic
def close_market(*, market: Market) -> Round | None:
    """open -> closed, with a pending round; None where it is not due or someone else was first.

    The row is locked before the clock is read, so no bid can be accepted at an instant past this one.
    """
    sealed = Market.objects.filter(turn_due_at=None)  # a rule of turns ends by its own moves
    locked = sealed.select_for_update().filter(pk=market.pk, state=Market.State.OPEN).first()
    at = clock.now()
    if locked is None or locked.closes_at > at or not _move(locked, Market.State.OPEN, Market.State.CLOSED):
        return None
    facts = {"closes_at": clock.stamp(locked.closes_at)}  # known before, so the inboxes need no copy
    streams.append_all([streams.Entry(locked.stream, "market.closed", facts, forwarded=False)], at)
    return new_round(market=locked, at=at)


def stated_reason(reason: str) -> str:
    """The reason for an operator's act, as the public will read it; refused where there is none."""
    why = visible(reason, REASON_CHARS // 2)
    if why:
        return why
    raise Refusal(422, "reason_missing", "This needs a reason; everybody will read it.", "Say why.", "/reason")


def new_round(
    *,
    market: Market,
    at: datetime,
    reason: str = "the market closed",
    without: Sequence[str] = (),
    without_lots: Sequence[str] = (),
    problem: str = "",
) -> Round:
    """The next round of a closed market, pending; `reason` is what will be said when its bids are opened.

    `problem` is what a rule of turns has come to: its moves are known when it ends.
    """
    return Round.objects.create(
        ref=new_ref("rnd"),
        market=market,
        n=market.rounds.count() + 1,
        created_at=at,
        reason=reason[:REASON_CHARS],
        without=list(without),
        without_lots=list(without_lots),
        problem=problem,
    )


@transaction.atomic
def clear_again(*, market: Market, by: str = "an operator") -> Round:
    """A new round for a closed market whose last one failed; refused otherwise."""
    locked = Market.objects.select_for_update().get(pk=market.pk)
    last = locked.rounds.order_by("-n").first()
    if locked.state != Market.State.CLOSED or last is None or last.state != Round.State.FAILED:
        raise Refusal(409, "round_not_failed", "Only a failed round is cleared again.", "Look at the market's rounds.")
    Round.objects.filter(pk=last.pk).update(state=Round.State.SUPERSEDED)
    why = f"round {last.n} failed; cleared again by {by}"
    return new_round(market=locked, at=clock.now(), reason=why, without=last.without, without_lots=last.without_lots)


@transaction.atomic
def cancel_market(*, market: Market, reason: str, by: str = "an operator") -> bool:
    """draft, open, or closed with a failed round -> cancelled; every hold is released; False otherwise.

    The reason, without which nothing is cancelled, stands in the public stream.
    """
    why = stated_reason(reason)
    locked = Market.objects.select_for_update().get(pk=market.pk)
    states = [Market.State.DRAFT, Market.State.OPEN]
    if not locked.rounds.exclude(state__in=(Round.State.FAILED, Round.State.SUPERSEDED)).exists():
        states.append(Market.State.CLOSED)
    for state in states:
        if _move(market, state, Market.State.CANCELLED, cancel_reason=why):
            streams.append(market.stream, "market.cancelled", {"reason": why, "by": by})
            release_all(journal=market.journal)
            return True
    return False


@transaction.atomic
def settle_market(*, market: Market) -> bool:
    """closed -> settled, once nothing is owed and nothing is held any more."""
    at = clock.now()
    if not _move(market, Market.State.CLOSED, Market.State.SETTLED, settled_at=at):
        return False
    seconds = round((at - market.closes_at).total_seconds(), 3)
    standing = market.rounds.get(state=Round.State.CLEARED)
    paid = set(settled(standing.ref).obligations) <= {"paid"}  # not so where money waits for a seller's account
    release_all(journal=market.journal)  # promises to be charged later end here
    streams.append(market.stream, "market.settled", {"seconds_from_close": seconds, "all_paid": paid}, at)
    return True


def _move(market: Market, source: str, target: str, **fields: Any) -> bool:
    moved = Market.objects.filter(pk=market.pk, state=source).update(state=target, **fields) == 1
    if moved:
        market.state = target
    return moved
