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


class ComesThroughDoors(admin.ModelAdmin):
    """Rows that nobody makes or deletes by hand: they come through the doors, and what they did stands."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never half-made; a key is shown once, to whom it is issued."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Suspended or revoked, not deleted."""
        return False


@admin.register(Principal)
class PrincipalAdmin(ComesThroughDoors):
    """Who owes and is owed."""

    list_display = ("ref", "name", "kind", "created_at", "suspended_at", "suspended_for")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter),)
    search_fields = ("ref", "name")
    fields = readonly_fields = ("ref", "name", "kind", "created_at", "suspended_at", "suspended_for")
    actions = ("suspend", "reinstate")
    action_form = WhyForm

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
class AgentAdmin(ComesThroughDoors):
    """Which programs act for whom."""

    list_display = ("ref", "name", "principal", "created_at")
    search_fields = ("ref", "name")
    readonly_fields = ("ref", "principal", "created_at")


@admin.register(ApiKey)
class ApiKeyAdmin(ComesThroughDoors):
    """Keys by prefix; the one act is to revoke."""

    list_display = ("prefix", "agent", "scopes", "created_at", "expires_at", "revoked_at")
    fields = readonly_fields = ("ref", "prefix", "agent", "scopes", "created_at", "expires_at", "revoked_at")
    list_select_related = ("agent",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke for good."""
        done = sum(revoke_key(key=key) for key in queryset)
        self.message_user(request, f"{done} keys revoked; their sockets close within seconds.")
