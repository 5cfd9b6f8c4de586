"""Money as an operator sees it: to look at, never to change by hand."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from marketplace.core.money import minor_text
from marketplace.settlement import funding_admin, pushes
from marketplace.settlement.admin_base import PushedAdmin, ReadOnlyAdmin
from marketplace.settlement.balances import standing
from marketplace.settlement.models import (
    Attempt,
    Authorisation,
    Balance,
    Dispute,
    Journal,
    Obligation,
    PaymentMethod,
    PayoutAccount,
    Task,
    Transfer,
    WebhookEvent,
)
from marketplace.settlement.reconciliation import reconcile
from marketplace.settlement.refunds import refund
from marketplace.settlement.releases import release_hold
from marketplace.settlement.tasks import close_tasks
from marketplace.settlement.timelines import timeline

__all__ = ["PushedAdmin", "ReadOnlyAdmin", "funding_admin"]


@admin.register(Journal)
class JournalAdmin(PushedAdmin):
    """The books of each market."""

    list_display = ("name", "currency", "head_seq")
    search_fields = ("name",)
    actions = ("compare",)

    @admin.action(description="Compare with Stripe's books now", permissions=["push"])
    def compare(self, request: HttpRequest, queryset: QuerySet[Journal]) -> None:
        """What differs becomes a task."""
        for journal in queryset:
            found = reconcile(journal=journal)
            level = messages.WARNING if found else messages.SUCCESS
            self.message_user(request, f"{journal}: {len(found)} differences.", level)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Every movement and hold."""

    list_display = ("journal", "seq", "kind", "debit", "credit", "amount_minor", "currency", "reference", "at")
    list_filter = ("kind", "currency")
    search_fields = ("reference", "debit", "credit")
    list_select_related = ("journal",)


class TimelineAdmin(PushedAdmin):
    """Rows whose page tells their whole story."""

    readonly_fields = ("story",)

    @admin.display(description="timeline")
    def story(self, row: Any) -> str:
        """Every attempt, booking, event and task, oldest first."""
        lines = [(f"{each.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], *each[1:]) for each in timeline(row)]
        cells = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}<br><code>{}</code></td></tr>", lines)
        heads = mark_safe("<tr><th>at (UTC)</th><th>what</th><th>detail, and its name at Stripe</th></tr>")
        return format_html("<table>{}{}</table>", heads, cells)


@admin.register(Authorisation)
class AuthorisationAdmin(TimelineAdmin):
    """The holds behind participations."""

    list_display = ("ref", "reference", "amount_minor", "captured_minor", "currency", "state", "release_due", "tries")
    list_filter = ("state", "currency", "release_due")
    search_fields = ("ref", "reference", "payment_intent")
    actions = ("retry", "release")

    @admin.action(description="Retry now, under the same key", permissions=["push"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Authorisation]) -> None:
        """Those that wait for their next try."""
        self.each(request, queryset, lambda row: pushes.retry(row=row), "will be tried now", "nothing is due")

    @admin.action(description="Release the hold", permissions=["push"])
    def release(self, request: HttpRequest, queryset: QuerySet[Authorisation]) -> None:
        """Those that owe nothing."""

        def act(row: Authorisation) -> object:
            return release_hold(authorisation=row)

        self.each(request, queryset, act, "will be released", "a capture is owed, or nothing is held")


@admin.register(Obligation)
class ObligationAdmin(TimelineAdmin):
    """What is owed, and what became of it."""

    list_display = ("ref", "round_ref", "kind", "reference", "amount_minor", "currency", "state", "last_error")
    list_filter = ("state", "kind", "currency")
    search_fields = ("ref", "round_ref", "reference", "stripe_id")
    actions = ("retry", "resend", "refund", "give_up", "undo")

    @admin.action(description="Retry now, under the same key", permissions=["push"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Obligation]) -> None:
        """Those that wait for their next try."""
        self.each(request, queryset, lambda row: pushes.retry(row=row), "will be tried now", "nothing is due")

    @admin.action(description="Resend a payout that is held for its seller", permissions=["push"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Obligation]) -> None:
        """Those that wait for a seller's account."""
        self.each(request, queryset, lambda row: pushes.resend(obligation=row), "will be sent", "it is not held")

    @admin.action(description="Refund a collect in full, sellers giving back their part", permissions=["push"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Obligation]) -> None:
        """What was collected."""
        self.each(request, queryset, lambda row: refund(obligation=row), "will be refunded", "")

    @admin.action(description="Give up a refund, paying sellers again what they gave back for it", permissions=["push"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Obligation]) -> None:
        """Those that wait for a seller who gives nothing back."""
        done, lost = "its sellers will be paid again", "it does not wait for sellers, or one is being asked right now"
        self.each(request, queryset, lambda row: pushes.give_up(obligation=row), done, lost)

    @admin.action(description="Undo the whole round: refund every payer, pay no seller", permissions=["push"])
    def undo(self, request: HttpRequest, queryset: QuerySet[Obligation]) -> None:
        """While no seller of the round was paid."""
        done, lost = "its round will be refunded", "a seller was paid, or nothing is left to give back"
        self.each(request, queryset, lambda row: pushes.undo(obligation=row), done, lost)


@admin.register(Task)
class TaskAdmin(PushedAdmin):
    """What only a person can decide or should know; docs/operations.md says what to do about each code."""

    list_display = ("code", "subject", "detail", "opened_at", "closed_at")
    list_filter = ("code", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("subject", "detail")
    ordering = ("closed_at", "-opened_at")
    actions = ("close",)

    @admin.action(description="Close: seen to", permissions=["push"])
    def close(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """A person has seen to it."""
        self.message_user(request, f"{close_tasks(queryset)} closed.")


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Every key that was ever sent, and what Stripe made of it."""

    list_display = ("key", "state", "calls", "first_at", "last_at", "answered_at", "stripe_id", "detail")
    list_filter = ("verb", "state")
    search_fields = ("key", "subject", "stripe_id")


@admin.register(WebhookEvent)
class WebhookEventAdmin(PushedAdmin):
    """What Stripe told us, and when it was looked into."""

    list_display = ("event_id", "kind", "object_id", "received_at", "handled_at", "tries")
    list_filter = ("kind",)
    search_fields = ("event_id", "object_id")
    actions = ("look_again",)

    @admin.action(description="Look into it again", permissions=["push"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        """Fetch what it was about."""
        self.each(request, queryset, lambda row: pushes.look_again(event=row), "will be looked into", "")


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    """What principals have paid in; its entries are the transfers of that account."""

    list_display = ("journal", "principal", "currency", "available", "held")
    list_filter = ("currency",)
    search_fields = ("journal__name",)
    list_select_related = ("principal", "journal")

    @admin.display(description="available")
    def available(self, row: Balance) -> str:
        """What may be promised."""
        return minor_text(standing(row.journal).available_minor, row.currency)

    @admin.display(description="held")
    def held(self, row: Balance) -> str:
        """What markets have of it until they settle."""
        return minor_text(standing(row.journal).held_minor, row.currency)


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """What cardholders took back through their banks."""

    list_display = ("stripe_id", "obligation", "amount_minor", "reason", "state", "opened_at", "closed_at")
    list_filter = ("state",)
    search_fields = ("stripe_id",)
    list_select_related = ("obligation",)


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    """How principals pay."""

    list_display = ("ref", "principal", "label", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("principal",)


@admin.register(PayoutAccount)
class PayoutAccountAdmin(ReadOnlyAdmin):
    """Where principals are paid."""

    list_display = ("ref", "principal", "country", "stripe_account", "state")
    list_filter = ("state",)
    list_select_related = ("principal",)
