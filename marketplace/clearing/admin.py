"""Contracts as an operator sees them: to look at."""

from django.contrib import admin

from marketplace.clearing.models import Contract
from marketplace.settlement.admin import ReadOnlyAdmin


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    """Who is bound to whom, and what became of it."""

    list_display = ("ref", "market", "seller", "state", "amount_minor", "answer_by", "answered_at", "refund_minor")
    list_filter = ("state",)
    search_fields = ("ref", "market__ref")
    list_select_related = ("market", "seller")
    fields = readonly_fields = (*list_display, "round", "participation", "document", "acceptance", "cancelled_at")
