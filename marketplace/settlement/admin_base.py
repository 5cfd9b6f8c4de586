"""Admins of rows that nobody changes by hand."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.db.models import QuerySet
from django.http import HttpRequest

from marketplace.core.refusals import Refusal


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


class PushedAdmin(ReadOnlyAdmin):
    """Nothing is changed by hand, but services may be called for the rows that are ticked."""

    def has_push_permission(self, request: HttpRequest) -> bool:
        """Who could change such rows, were they to be changed by hand."""
        name = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{name}")

    def each(
        self, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object], done: str, lost: str
    ) -> None:
        """Each row by itself; one that is refused does not keep the others back."""
        for row in rows:
            try:
                level, words = (messages.SUCCESS, done) if act(row) else (messages.WARNING, f"unchanged: {lost}")
            except Refusal as refusal:
                level, words = messages.ERROR, f"refused: {refusal.detail}"
            self.message_user(request, f"{row}: {words}.", level)
