"""Principals, agents and keys as an operator sees them; keys never in clear."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from marketplace.agents.models import Agent, ApiKey, Principal
from marketplace.agents.services import reinstate_principal, revoke_key, suspend_principal


class WhyForm(ActionForm):
    """Beside the choice of an action: why, for other operators to read."""

    why = forms.CharField(required=False, max_length=200, label="Why:")


@admin.register(Principal)
class PrincipalAdmin(admin.ModelAdmin):
    """Who owes and is owed."""

    list_display = ("ref", "name", "kind", "created_at", "suspended_at", "suspended_for")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter),)
    search_fields = ("ref", "name")
    fields = readonly_fields = ("ref", "name", "kind", "created_at", "suspended_at", "suspended_for")
    actions = ("suspend", "reinstate")
    action_form = WhyForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Principals come through the doors, never half-made by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Suspended, not deleted."""
        return False

    @admin.action(description="Suspend: its agents may do nothing, and nothing is paid to it", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Principal]) -> None:
        """Until reinstated."""
        why = str(request.POST.get("why", ""))
        done = sum(suspend_principal(principal=row, reason=why) for row in queryset)
        self.message_user(request, f"{done} suspended; their sockets close within seconds.")

    @admin.action(description="Reinstate", permissions=["change"])
    def reinstate(self, request: HttpRequest, queryset: QuerySet[Principal]) -> None:
        """As before; what was held for it is paid."""
        self.message_user(request, f"{sum(reinstate_principal(principal=row) for row in queryset)} reinstated.")


@admin.register(Agent)
class AgentAdmin(admin.ModelAdmin):
    """Which programs act for whom."""

    list_display = ("ref", "name", "principal", "created_at")
    search_fields = ("ref", "name")
    readonly_fields = ("ref", "principal", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Agents come through the doors."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What they did stands."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Keys by prefix; the one act is to revoke."""

    list_display = ("prefix", "agent", "scopes", "created_at", "expires_at", "revoked_at")
    fields = readonly_fields = ("ref", "prefix", "agent", "scopes", "created_at", "expires_at", "revoked_at")
    list_select_related = ("agent",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A key is shown once, to whom it is issued, at the door that issues it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revoked, not deleted."""
        return False

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke for good."""
        done = sum(revoke_key(key=key) for key in queryset)
        self.message_user(request, f"{done} keys revoked; their sockets close within seconds.")
