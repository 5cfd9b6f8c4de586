"""Drafts: markets made by hand, changed until they open, and checked like any other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from simple_history.utils import bulk_create_with_history

from marketplace.core import clock, limits
from marketplace.core.history import note
from marketplace.core.refusals import Refusal
from marketplace.markets.configuration import (
    Agenda,
    CancellationTerm,
    LotConfiguration,
    MarketConfiguration,
    checked,
    closing_instant,
)
from marketplace.markets.models import Lot, Market
from marketplace.markets.money import settle_terms
from marketplace.markets.services import draft_market, lot_row, open_market
from marketplace.preferences.categories import use_categories

CHANGEABLE = (
    "title",
    "description",
    "mechanism",
    "params",
    "exponent",
    "disclosure",
    "several_agents",
    "money",
    "on_default",
    "deposit_minor",
    "most_minor",
    "fee_bp",
    "accept_within_s",
    "cancellation",
    "agenda",
    "opens_at",
    "closes_at",
)


@transaction.atomic
def change_draft(*, market: Market) -> None:
    """Write a draft's new terms; refused where it has opened meanwhile: an opened market never changes."""
    settle_terms(market)
    terms = {name: getattr(market, name) for name in CHANGEABLE}
    if Market.objects.filter(pk=market.pk, state=Market.State.DRAFT, participants=0).update(**terms) != 1:
        raise Refusal(409, "market_frozen", "The market has opened meanwhile.", "Make a new market.")
    note(market)


def check_draft(*, market: Market, lots: Sequence[Lot]) -> None:
    """Refuse what could not open: the same checks as for a market made through the API."""
    config = MarketConfiguration(
        title=market.title,
        description=market.description,
        mechanism=market.mechanism,
        params=market.params,
        currency=market.currency,
        exponent=market.exponent,
        disclosure=market.disclosure,
        several_agents=market.several_agents,
        money=market.money,
        on_default=market.on_default,
        deposit_minor=market.deposit_minor,
        most_minor=market.most_minor,
        fee_bp=market.fee_bp,
        accept_within_s=market.accept_within_s,
        cancellation=_terms(market.cancellation),
        agenda=_agenda(market.agenda),
        opens_at=_utc(market.opens_at),
        closes_at=_utc(market.closes_at),
        lots=[_stated(lot) for lot in lots],
    )
    checked(config)
    closing_instant(config, clock.now())


@transaction.atomic
def add_lots(*, market: Market, lots: Sequence[LotConfiguration]) -> None:
    """More lots for a draft that the caller has locked, checked with those it has; refused once it has opened."""
    if market.state != Market.State.DRAFT:
        raise Refusal(409, "market_frozen", "The market has opened: its lots never change.", "Open another market.")
    standing = list(market.lots.select_related("seller", "buyer").order_by("pk"))
    rows = [lot_row(market, lot) for lot in lots]
    try:
        check_draft(market=market, lots=[*standing, *rows])
    except Refusal as refusal:
        raise replace(refusal, pointer=_moved(refusal.pointer, len(standing))) from None
    bulk_create_with_history(rows, Lot)
    use_categories(lot.category for lot in lots if lot.category)


def place_of(refusal: Refusal) -> tuple[int, str, str] | None:
    """Of a refusal about a lot: which one, its field (empty: the lot as a whole), and words on what lies deeper."""
    _, top, *parts = (refusal.pointer or "/").split("/")
    if top != "lots" or not parts:
        return None
    number, field, *deeper = [*parts, ""] if len(parts) == 1 else parts
    return int(number), {"id": "name"}.get(field, field), ": ".join([*deeper[:1], refusal.detail])


def _moved(pointer: str | None, by: int) -> str | None:
    """A pointer to one of all lots as one to one of the new ones."""
    parts = (pointer or "").split("/")
    if len(parts) < 3 or parts[1] != "lots" or not parts[2].isdigit():
        return pointer
    return "/".join(["", "lots", str(max(0, int(parts[2]) - by)), *parts[3:]])


@transaction.atomic
def open_draft(*, market: Market) -> bool:
    """Open a draft before its time; refused where it does not hold together, False where it is no draft any more."""
    locked = Market.objects.select_for_update().filter(pk=market.pk, state=Market.State.DRAFT).first()
    if locked is None:
        return False
    check_draft(market=locked, lots=list(locked.lots.select_related("seller", "buyer")))
    return open_market(market=locked)


def _terms(stated: Any) -> list[CancellationTerm]:
    try:
        return msgspec.convert(stated, list[CancellationTerm])
    except msgspec.ValidationError as error:
        fix = "Write [] or such as [{'within_s': 86400, 'refund_percent': 100}]."
        raise Refusal(422, "cancellation_invalid", str(error), fix, "/cancellation") from None


def _agenda(stated: Any) -> Agenda | None:
    try:
        return msgspec.convert(stated, Agenda) if stated else None
    except msgspec.ValidationError as error:
        fix = "Write {} or such as {'issues': {'price': [100, 200]}, 'transfers': [...]}."
        raise Refusal(422, "agenda_invalid", str(error), fix, "/agenda") from None


def _stated(lot: Lot) -> LotConfiguration:
    return LotConfiguration(
        id=lot.name,
        title=lot.title,
        supply=lot.supply,
        reserve=lot.reserve,
        seller=lot.seller.ref if lot.seller else None,
        buyer=lot.buyer.ref if lot.buyer else None,
        category=lot.category or None,
        attributes=lot.attributes,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None


@transaction.atomic
def clone_market(*, market: Market) -> Market:
    """A new draft with the same terms and lots, open for as long from now; what has happened stays behind."""
    source = Market.objects.get(pk=market.pk)
    began = source.opens_at or source.created_at
    lasted = max(timedelta(seconds=limits.MARKET_MIN_SECONDS), source.closes_at - began)
    terms = {name: getattr(source, name) for name in CHANGEABLE}
    times = {"opens_at": None, "closes_at": clock.now() + lasted}
    draft = draft_market(market=Market(**{**terms, **times}, currency=source.currency))
    kept = ("name", "title", "supply", "reserve", "seller", "buyer", "category", "attributes")
    lots = source.lots.select_related("seller", "buyer").order_by("pk")
    bulk_create_with_history([Lot(market=draft, **{name: getattr(lot, name) for name in kept}) for lot in lots], Lot)
    return draft
