"""What stands below a market in the admin: its lots while it is a draft, and its rounds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.markets.forms import MAX_LOTS, LotForm, LotFormSet
from marketplace.markets.models import Lot, Market, Round


def is_draft(market: Market) -> bool:
    """Whether nothing about it is promised to anybody yet."""
    return market.state == Market.State.DRAFT and market.participants == 0


FEW = 40  # lots that a form holds; more of them come by a sheet


def in_form(market: Market | None) -> bool:
    """Whether its lots are changed in the form: while it is a draft, and while they are few."""
    if market is None or market.pk is None:
        return True
    if not hasattr(market, "few_lots"):
        market.few_lots = market.lots.count() <= FEW  # asked for again and again by one request
    return is_draft(market) and bool(market.few_lots)


class LotInline(admin.StackedInline):
    """What is traded; fixed once the market has opened."""

    model = Lot
    form = LotForm
    formset = LotFormSet
    raw_id_fields = ("seller", "buyer")
    min_num, max_num, validate_max = 0, MAX_LOTS, True
    fields = (("name", "title"), ("supply", "reserve", "seller", "buyer"), "category", "attributes")

    class Media:
        js = ("doors/lots.js",)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """One to begin with."""
        return 0 if obj is not None and obj.lots.exists() else 1

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To drafts only."""
        return in_form(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of drafts only."""
        return in_form(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """From drafts only."""
        return in_form(obj) and super().has_delete_permission(request, obj)


class RoundInline(admin.TabularInline):
    """How the clearing went."""

    model = Round
    fields = readonly_fields = ("ref", "n", "state", "status", "failure", "finished_at")
    extra, can_delete, show_change_link = 0, False, True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rounds come from the close."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An outcome is frozen."""
        return False
