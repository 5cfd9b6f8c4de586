"""The history of what operators configure: who changed what and when, to be read in the admin and never reverted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from simple_history.utils import bulk_update_with_history

SHOWN = 500


def note(row: Any) -> None:
    """One more line in the history of a row that an UPDATE has just made what it is in memory."""
    bulk_update_with_history([row], type(row), fields=())


@dataclass(frozen=True)
class Line:
    """What one person (or agent, or nobody by hand) did to one row."""

    at: datetime
    who: str
    what: str
    changes: list[tuple[str, Any, Any]]


def lines(records: Iterable[Any]) -> Iterator[Line]:
    """Records of one or more rows, oldest first, each told by what it changed."""
    before: dict[tuple[type, Any], Any] = {}
    for record in records:
        key = (type(record), record.id)
        yield _line(record, before.get(key))
        before[key] = record


def _line(record: Any, old: Any) -> Line:
    verb = {"+": "made", "~": "changed", "-": "taken out"}[record.history_type]
    changes = record.diff_against(old).changes if old is not None and record.history_type == "~" else []
    by_hand = record.history_user_id is not None  # by number, as the public stream says it: names are personal data
    who = f"staff {record.history_user_id}" if by_hand else record.history_change_reason or ""
    told = [(_words(record, change.field), change.old, change.new) for change in changes]
    kind = record.instance_type
    return Line(record.history_date, who, f"{kind._meta.verbose_name} {kind.__str__(record)} {verb}", told)


def _words(record: Any, field: str) -> str:
    return str(record.instance_type._meta.get_field(field).verbose_name)


class RememberedAdmin(admin.ModelAdmin):
    """Its history page tells every change, whoever made it through whichever door."""

    def remembered(self, obj: Any) -> list[Any]:
        """The histories that are told together."""
        return [obj.history.all()]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Newest first."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404("There is no such row.")
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        records = [record for history in self.remembered(obj) for record in history.order_by("-history_id")[:SHOWN]]
        records.sort(key=lambda record: (record.history_date, record.history_id))
        context = {"title": f"History: {obj}", "object": obj, "opts": self.opts, "lines": list(lines(records))[::-1]}
        return TemplateResponse(request, "admin/history.html", {**self.admin_site.each_context(request), **context})
