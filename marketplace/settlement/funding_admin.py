"""Fundings in the admin: an operator sets money of the house aside for subsidies, and says why."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.http import HttpRequest

from marketplace.core.money import CURRENCIES, minor_text
from marketplace.core.refusals import Refusal
from marketplace.settlement.admin_base import ReadOnlyAdmin
from marketplace.settlement.balances import standing
from marketplace.settlement.models import Funding
from marketplace.settlement.subsidies import fund_subsidy


class FundingForm(forms.ModelForm):
    """How much, and why."""

    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)], initial="EUR")

    class Meta:
        model = Funding
        fields = ("currency", "amount_minor", "reason")

    def save(self, commit: bool = True) -> Any:
        """Written by the service, which the admin calls."""
        return self.instance

    def save_m2m(self) -> None:
        """There is nothing of that kind."""


@admin.register(Funding)
class FundingAdmin(ReadOnlyAdmin):
    """What the house set aside, by whose word, and what of it is left."""

    form = FundingForm
    list_display = ("at", "currency", "amount_minor", "by", "reason", "available")
    list_filter = ("currency",)
    list_select_related = ("journal",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who has the right."""
        return request.user.has_perm(f"settlement.{get_permission_codename('add', self.opts)}")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """By the service, with the actor."""
        by = f"staff {request.user.pk}"
        row = fund_subsidy(currency=obj.currency, amount_minor=obj.amount_minor, by=by, reason=obj.reason)
        obj.__dict__.update({name: value for name, value in row.__dict__.items() if name != "_state"})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What the service refuses is said."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, f"refused: {refusal.detail}", "ERROR")
            return self.response_post_save_add(request, Funding())

    @admin.display(description="left of all")
    def available(self, row: Funding) -> str:
        """What may still be promised to markets."""
        return minor_text(standing(row.journal).available_minor, row.currency)
