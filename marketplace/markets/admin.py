"""Markets as their operator sees them: drafts to write, opened ones to look at, and never a bid."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

import mechanisms
from marketplace.core.history import RememberedAdmin
from marketplace.core.refusals import Refusal
from marketplace.markets import template_admin
from marketplace.markets.drafts import change_draft, open_draft
from marketplace.markets.early import close_early
from marketplace.markets.forms import MarketForm, rules
from marketplace.markets.inlines import LotInline, RoundInline, is_draft
from marketplace.markets.kinds import kinds
from marketplace.markets.models import Lot, Market, Round
from marketplace.markets.services import cancel_market, clear_again, draft_market
from marketplace.settlement.admin import ReadOnlyAdmin

__all__ = ["Guarded", "MarketAdmin", "RoundAdmin", "template_admin"]


class ReasonForm(ActionForm):
    """Beside the choice of an action: why, for those that need a reason."""

    reason = forms.CharField(required=False, max_length=200, label="Reason, which everybody reads:")


class Guarded:
    """Columns in `hidden` are not even read, and no address filters by what is not in `list_filter`.

    Django would let one filter by any column in the address, and so guess it letter by letter.
    """

    hidden: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows without what is hidden."""
        return super().get_queryset(request).defer(*self.hidden)  # type: ignore[misc]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether the list may be filtered so."""
        allowed: Iterable[Any] = self.list_filter  # type: ignore[attr-defined]
        return lookup in {f"{name}__exact" for name in allowed}


def _reason(request: HttpRequest) -> str:
    return str(request.POST.get("reason", ""))


def _staff(request: HttpRequest) -> str:
    """Who acts, as the public stream names it: by number, for names are personal data."""
    return f"staff {request.user.pk}"


@admin.register(Market)
class MarketAdmin(Guarded, RememberedAdmin):
    """Markets: write a draft, open it, look on."""

    hidden = ("seed", "bid_key", "sealed_bid_key", "last_bid")
    form = MarketForm
    inlines = (LotInline, RoundInline)
    list_display = ("title", "ref", "state", "mechanism", "closes_at", "participants", "live_page", "report", "desk")
    list_filter = ("state", "mechanism", "disclosure", "currency")
    search_fields = ("ref", "title")
    actions = ("open_now", "close_now", "cancel", "clear_once_more")
    action_form = ReasonForm
    fieldsets = (
        (None, {"fields": ("title", "description", "disclosure", "several_agents")}),
        ("Rule", {"fields": ("rule", "mechanism", "params", "agenda", "currency", "exponent")}),
        ("Money", {"fields": ("money", "on_default", "deposit_minor", "most_minor", "fee_bp")}),
        ("Contracts", {"fields": ("accept_within_s", "cancellation")}),
        ("Time", {"fields": ("opens_at", "closes_at")}),
        (
            "As it stands",
            {"fields": ("ref", "state", "participants", "settled_at", "cancel_reason", "opening_refused", "live_page")},
        ),
    )
    readonly_fields = (
        "rule",
        "ref",
        "state",
        "participants",
        "settled_at",
        "cancel_reason",
        "opening_refused",
        "live_page",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The currency is fixed with the books that are kept in it."""
        return (*self.readonly_fields, "currency") if obj is not None else self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts only: what agents have been promised stands."""
        return (obj is None or is_draft(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A market is cancelled, not deleted."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """First the rule, for it draws the form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "GET" and request.GET.get("mechanism") not in dict(rules()):
            return HttpResponseRedirect(reverse("admin:desk-choose"))
        return super().add_view(request, form_url, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Market | None:
        """A draft for which another rule is being looked at shows that rule's form; nothing is stored by looking."""
        market: Market | None = super().get_object(request, object_id, from_field)
        other = request.GET.get("mechanism")
        if market is not None and request.method == "GET" and other in dict(rules()) and is_draft(market):
            market.mechanism, market.params = other, {}
        return market

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What a service refuses after all is said, and nothing is stored."""
        try:
            return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "kinds": kinds()})
        except Refusal as refusal:
            self.message_user(request, f"{refusal.detail} {refusal.next}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def remembered(self, obj: Any) -> list[Any]:
        """Its lots' histories with its own."""
        return [obj.history.all(), Lot.history.filter(market_id=obj.pk)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """New and changed drafts go through the services."""
        if change:
            change_draft(market=obj)
        else:
            draft_market(market=obj)

    @admin.display(description="rule")
    def rule(self, market: Market) -> str:
        """What it is called, what it promises one click away, and the way to another."""
        if not market.mechanism:
            return ""
        other = f"?market={market.pk}" if market.pk else ""
        return format_html(
            '{} (<a href="{}">what it promises</a>, <a href="{}{}">another rule</a>)',
            mechanisms.get(market.mechanism).title,
            reverse("admin:desk-rule", args=[market.mechanism]),
            reverse("admin:desk-choose"),
            other,
        )

    @admin.display(description="desk")
    def desk(self, market: Market) -> str:
        """Its page with timeline and buttons."""
        return format_html('<a href="{}">buttons and story</a>', reverse("admin:desk-market", args=[market.pk]))

    @admin.display(description="live page")
    def live_page(self, market: Market) -> str:
        """Where people watch it."""
        if not market.pk or market.state == Market.State.DRAFT:
            return "when it opens"
        return format_html('<a href="{}">watch</a>', reverse("market-page", args=[market.ref]))

    @admin.display(description="report")
    def report(self, market: Market) -> str:
        """What it came to, drawn, as its disclosure allows; on paper too."""
        if market.state not in (Market.State.CLOSED, Market.State.SETTLED):
            return ""
        page, paper = (reverse(name, args=[market.ref]) for name in ("market-page-report", "market-page-pdf"))
        return format_html('<a href="{}">page</a> · <a href="{}">PDF</a>', page, paper)

    @admin.action(description="Open now", permissions=["change"])
    def open_now(self, request: HttpRequest, queryset: QuerySet[Market]) -> None:
        """Drafts become open markets."""
        self._each(request, queryset, lambda market: open_draft(market=market), "opened", "it was no draft")

    @admin.action(description="Close now, with a reason", permissions=["change"])
    def close_now(self, request: HttpRequest, queryset: QuerySet[Market]) -> None:
        """Open markets close before their time."""

        def act(market: Market) -> object:
            return close_early(market=market, reason=_reason(request), by=_staff(request))

        self._each(request, queryset, act, "closed", "it was not open")

    @admin.action(description="Cancel, and release every hold", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Market]) -> None:
        """Drafts and open markets end without a trade."""

        def act(market: Market) -> object:
            return cancel_market(market=market, reason=_reason(request), by=_staff(request))

        self._each(request, queryset, act, "cancelled", "it had closed before")

    @admin.action(description="Clear again what failed to clear", permissions=["change"])
    def clear_once_more(self, request: HttpRequest, queryset: QuerySet[Market]) -> None:
        """A new round for markets whose last one failed."""
        self._each(
            request,
            queryset,
            lambda market: clear_again(market=market, by=_staff(request)),
            "cleared again",
            "nothing to do",
        )

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Market],
        act: Callable[[Market], object],
        done: str,
        lost: str,
    ) -> None:
        """Each market by itself; one that is refused does not keep the others back."""
        for market in queryset.select_related("journal"):
            try:
                level, words = (messages.SUCCESS, done) if act(market) else (messages.WARNING, f"unchanged: {lost}")
            except Refusal as refusal:
                level, words = messages.ERROR, f"refused: {refusal.detail}"
            self.message_user(request, f"{market.title}: {words}.", level)


@admin.register(Round)
class RoundAdmin(Guarded, ReadOnlyAdmin):
    """Rounds, without problem and outcome: those hold every bid, and reports tell what may be told."""

    list_display = ("ref", "market", "n", "state", "status", "created_at", "finished_at")
    list_filter = ("state", "status")
    search_fields = ("ref", "market__ref", "market__title")
    list_select_related = ("market",)
    hidden = ("problem", "outcome", "claim")
    fields = ("ref", "market", "n", "state", "status", "digest", "failure", "claimed_at", "created_at", "finished_at")
