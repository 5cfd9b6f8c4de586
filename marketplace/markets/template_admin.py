"""Templates in the admin: written, looked through and approved once; from then on agents open markets by them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from marketplace.core.history import RememberedAdmin
from marketplace.core.refusals import Refusal
from marketplace.markets.catalogue import for_markets
from marketplace.markets.models import Market, Template
from marketplace.markets.templates import approve_template, check_template, retire_template

TERMS = (
    *("name", "title", "description", "mechanism", "params", "bounds", "side", "invited_only", "invitations", "lots"),
    *("currencies", "categories", "shortest_s", "longest_s", "disclosure", "money", "fee_bp"),
)
STANDING = ("state", "approved_at", "approved_by")


def _rules() -> list[tuple[str, str]]:
    return [(spec.slug, spec.title) for spec in for_markets()]


class TemplateForm(forms.ModelForm):
    """A template in draft; what the service refuses is said at the field."""

    mechanism = forms.ChoiceField(choices=_rules)
    disclosure = forms.ChoiceField(choices=Market.Disclosure.choices)
    money = forms.ChoiceField(choices=[("", "by size"), *Market.Money.choices], required=False)

    class Meta:
        model = Template
        fields = TERMS

    def clean(self) -> dict[str, Any]:
        """The same check as at the approval."""
        data: dict[str, Any] = super().clean() or {}
        for name, empty in (("params", {}), ("bounds", {}), ("currencies", []), ("categories", [])):
            data[name] = data.get(name) or empty
            if not isinstance(data[name], type(empty)):
                self.add_error(name, f"Write JSON such as {empty}.")
        if not self.errors:
            try:
                check_template(Template(**data))
            except Refusal as refusal:
                field = (refusal.pointer or "").split("/")[1:2]
                self.add_error(field[0] if field and field[0] in self.fields else None, refusal.detail)
        return data


@admin.register(Template)
class TemplateAdmin(RememberedAdmin):
    """Changed while they are drafts; an approved one is retired, never changed."""

    form = TemplateForm
    list_display = ("name", "title", "mechanism", "side", "state", "approved_at", "approved_by")
    list_filter = ("state", "mechanism")
    fields = (*TERMS, *STANDING)
    readonly_fields = STANDING
    actions = ("approve", "retire")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Until it is approved."""
        return (obj is None or obj.state == Template.State.DRAFT) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A template is retired, not deleted."""
        return False

    @admin.action(description="Approve: agents may open markets by it", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        """Drafts become what agents may use."""
        by = f"staff {request.user.pk}"
        self._each(request, queryset, lambda row: approve_template(template=row, by=by), "approved")

    @admin.action(description="Retire: no further market by it", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        """Markets that are open by it go on."""
        self._each(request, queryset, lambda row: retire_template(template=row), "retired")

    def _each(self, request: HttpRequest, rows: QuerySet[Template], act: Callable[[Template], bool], done: str) -> None:
        for row in rows:
            try:
                level, words = (messages.SUCCESS, done) if act(row) else (messages.WARNING, "unchanged")
            except Refusal as refusal:
                level, words = messages.ERROR, f"refused: {refusal.detail}"
            self.message_user(request, f"{row.title}: {words}.", level)
