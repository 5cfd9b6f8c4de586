"""Mandates as operators and auditors see them: to look at; what people were asked and said stays theirs."""

from django.contrib import admin

from marketplace.mandates.models import CheckIn, Commitment, Mandate
from marketplace.settlement.admin import ReadOnlyAdmin


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    """Every version."""

    list_display = ("ref", "agent", "version", "granted_by", "granted_at", "revoked_at")
    search_fields = ("ref",)


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyAdmin):
    """What counts against ceilings."""

    list_display = ("reference", "n", "holder", "currency", "amount_minor", "day", "standing")
    search_fields = ("reference",)


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyAdmin):
    """That somebody was asked, and what became of it; not what about."""

    list_display = ("ref", "agent", "state", "answer_by", "answered_at", "outcome")
    fields = ("ref", "agent", "reference", "state", "outcome", "answer_by", "created_at", "answered_at")
