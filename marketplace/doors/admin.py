"""Webhooks as an operator sees them: how they fare, never their secrets."""

from django.contrib import admin
from django.http import HttpRequest

from marketplace.doors.models import Webhook


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin):
    """Looked at; the agent itself adds, tries and deletes."""

    list_display = ("ref", "agent", "state", "last_status", "tries", "failing_since", "due_at")
    list_filter = ("state",)
    search_fields = ("ref", "agent__ref")
    exclude = ("secret", "old_secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Webhooks come through the door."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        """Nothing to change."""
        return False
