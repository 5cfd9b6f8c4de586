"""Principals, agents and keys as an operator sees them; keys never in clear."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from marketplace.agents.models import Agent, ApiKey, Principal
from marketplace.agents.services import revoke_key


@admin.register(Principal)
class PrincipalAdmin(admin.ModelAdmin):
    """Who owes and is owed."""

    list_display = ("ref", "name", "kind", "created_at")
    search_fields = ("ref", "name")
    readonly_fields = ("ref", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Principals come through the doors, never half-made by hand."""
        return False


@admin.register(Agent)
class AgentAdmin(admin.ModelAdmin):
    """Which programs act for whom."""

    list_display = ("ref", "name", "principal", "created_at")
    search_fields = ("ref", "name")
    readonly_fields = ("ref", "principal", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Agents come through the doors."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Keys by prefix; the one act is to revoke."""

    list_display = ("prefix", "agent", "scopes", "created_at", "expires_at", "revoked_at")
    readonly_fields = ("ref", "prefix", "agent", "digest", "scopes", "created_at", "expires_at", "revoked_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A key is shown once, to whom it is issued, at the door that issues it."""
        return False

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke for good."""
        done = sum(revoke_key(key=key) for key in queryset)
        self.message_user(request, f"{done} keys revoked; their sockets close within seconds.")
