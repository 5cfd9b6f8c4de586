"""Categories, written until they are used; preferences are private and have no page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from marketplace.core.history import RememberedAdmin
from marketplace.core.refusals import Refusal
from marketplace.preferences.categories import check_category, write_category
from marketplace.preferences.models import Category


class CategoryForm(forms.ModelForm):
    """A category's name and schema."""

    class Meta:
        model = Category
        fields = ("name", "schema")

    def clean(self) -> dict[str, Any]:
        """What the service refuses is said at the field."""
        data: dict[str, Any] = super().clean() or {}
        if "schema" in data:
            try:
                check_category(data.get("name", self.instance.name), data["schema"])
            except Refusal as refusal:
                field = "name" if refusal.pointer == "/name" and "name" in self.fields else "schema"
                self.add_error(field, f"{refusal.pointer}: {refusal.detail}")
        return data


@admin.register(Category)
class CategoryAdmin(RememberedAdmin):
    """Operators write categories; one that was used is only looked at."""

    form = CategoryForm
    list_display = ("name", "created_at", "used_at")
    search_fields = ("name",)
    fields = ("name", "schema", "created_at", "used_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The name stays: lots and preferences go by it."""
        return ("created_at", "used_at") if obj is None else ("name", "created_at", "used_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Until it is used."""
        return (obj is None or obj.used_at is None) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Until it is used."""
        return obj is not None and obj.used_at is None and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service."""
        row = write_category(name=obj.name, schema=obj.schema)
        obj.pk, obj.created_at = row.pk, row.created_at
