"""Exports in the admin: asked for, watched, fetched. They show what each market's disclosure allows, to staff too."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from marketplace.core.refusals import Refusal
from marketplace.reports.formats import FORMATS
from marketplace.reports.jobs import ask_export, link
from marketplace.reports.models import Export
from marketplace.settlement.admin import ReadOnlyAdmin


class ExportForm(forms.ModelForm):
    """Format and time; everything else follows from who asks."""

    format = forms.ChoiceField(choices=[(name, name) for name in FORMATS])

    class Meta:
        model = Export
        fields = ("format", "since")


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Add one, and follow it."""

    form = ExportForm
    list_display = ("ref", "asked_by", "market", "format", "since", "state", "percent", "size", "file")
    list_select_related = ("market",)
    list_filter = ("state", "format")
    search_fields = ("ref",)
    fields = (
        "ref",
        "asked_by",
        "market",
        "format",
        "since",
        "state",
        "percent",
        "size",
        "failure",
        "created_at",
        "expires_at",
        "file",
    )
    readonly_fields = ("percent", "file")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may ask: rows come from the service all the same."""
        return bool(request.user.has_perm("reports.add_export"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Of a new one, what may be chosen."""
        return self.fields if obj is not None else ("format", "since")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nothing to choose once it is asked for."""
        return self.fields if obj is not None else ()

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What the service refuses is said."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, f"{refusal.detail} {refusal.next}", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:reports_export_changelist"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """By the service that every door calls; as each market's disclosure allows."""
        made = ask_export(asked_by=f"staff {request.user.pk}", operator_id=None, form=obj.format, since=obj.since)
        obj.pk, obj.ref = made.pk, made.ref

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Back to the list, where it can be watched."""
        self.message_user(request, f"{obj.ref} will be made; this list shows how far it is.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:reports_export_changelist"))

    @admin.display(description="progress")
    def percent(self, export: Export) -> str:
        """A bar, with its number."""
        return format_html('<progress value="{0}" max="100">{0} %</progress> {0} %', export.progress)

    @admin.display(description="file")
    def file(self, export: Export) -> str:
        """A link that lasts an hour."""
        return format_html('<a href="{}">download</a>', link(export)) if export.state == Export.State.DONE else ""
