"""What stands below a market in the admin: its lots while it is a draft, and its rounds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.markets.forms import MAX_LOTS, LotForm, LotFormSet
from marketplace.markets.models import Lot, Market, Round


def is_draft(market: Market) -> bool:
    """Whether nothing about it is promised to anybody yet."""
    return market.state == Market.State.DRAFT and market.participants == 0


class LotInline(admin.TabularInline):
    """What is traded; fixed once the market has opened."""

    model = Lot
    form = LotForm
    formset = LotFormSet
    raw_id_fields = ("seller", "buyer")
    extra, min_num, max_num, validate_min, validate_max = 0, 1, MAX_LOTS, True, True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To drafts only."""
        return (obj is None or is_draft(obj)) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of drafts only."""
        return (obj is None or is_draft(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """From drafts only."""
        return (obj is None or is_draft(obj)) and super().has_delete_permission(request, obj)


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
