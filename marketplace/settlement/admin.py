"""Money as an operator sees it: to look at, never to change by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.settlement.models import (
    Authorisation,
    Journal,
    Obligation,
    PaymentMethod,
    PayoutAccount,
    Transfer,
    WebhookEvent,
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """A list and its rows, without a way to write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows change by services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Books are kept."""
        return False


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    """The books of each market."""

    list_display = ("name", "currency", "head_seq")
    search_fields = ("name",)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Every movement and hold."""

    list_display = ("journal", "seq", "kind", "debit", "credit", "amount_minor", "currency", "reference", "at")
    list_filter = ("kind", "currency")
    search_fields = ("reference", "debit", "credit")
    list_select_related = ("journal",)


@admin.register(Authorisation)
class AuthorisationAdmin(ReadOnlyAdmin):
    """The holds behind participations."""

    list_display = ("ref", "reference", "amount_minor", "captured_minor", "currency", "state", "release_due", "tries")
    list_filter = ("state", "currency", "release_due")
    search_fields = ("ref", "reference", "payment_intent")


@admin.register(Obligation)
class ObligationAdmin(ReadOnlyAdmin):
    """What is owed, and what became of it."""

    list_display = ("ref", "round_ref", "kind", "reference", "amount_minor", "currency", "state", "last_error")
    list_filter = ("state", "kind", "currency")
    search_fields = ("ref", "round_ref", "reference", "stripe_id")


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """What Stripe told us, and when it was looked into."""

    list_display = ("event_id", "kind", "object_id", "received_at", "handled_at", "tries")
    list_filter = ("kind",)
    search_fields = ("event_id", "object_id")


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
