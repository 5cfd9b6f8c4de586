"""The admin's site: the stock one, with the operator's desk on its first page and the desk's addresses."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from marketplace.doors.desk import market, reporting, rules, trying, uploading
from marketplace.doors.desk.acts import ACTS
from marketplace.doors.desk.today import heaps

View = Callable[..., HttpResponse]


class Desk(AdminSite):
    """Walras' admin."""

    site_header = "Walras"
    site_title = "Walras"
    index_title = "Today"
    index_template = "admin/desk/today.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What needs a hand, then every list."""
        return super().index(request, {"heaps": heaps(request.user), **(extra_context or {})})

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """The desk's pages before the lists."""
        return [*(self._path(*each) for each in PAGES), *super().get_urls()]

    def _path(self, route: str, view: View, name: str, permission: str) -> URLPattern:
        return path(f"desk/{route}", self.admin_view(_permitted(view, permission)), name=name)


def _permitted(view: View, permission: str) -> View:
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return seen


LOOK, ACT, EXPORT = "markets.view_market", "markets.change_market", "reports.add_export"
PAGES: tuple[tuple[str, View, str, str], ...] = (
    ("choose/", rules.choose_page, "desk-choose", LOOK),
    ("rules/<slug:slug>/", rules.rule_page, "desk-rule", LOOK),
    ("rules/<slug:slug>/claims/<slug:name>/", rules.claim_page, "desk-claim", LOOK),
    ("markets/<int:pk>/", market.market_page, "desk-market", LOOK),
    ("markets/<int:pk>/try/", trying.try_page, "desk-try", LOOK),
    ("markets/<int:pk>/verify/", market.verify_market, "desk-verify", LOOK),
    ("markets/<int:pk>/export/", reporting.export_market, "desk-export", EXPORT),
    ("markets/<int:pk>/lots/", uploading.upload_page, "desk-lots", ACT),
    *((f"markets/<int:pk>/{act.name}/", market.acting(act), f"desk-{act.name}", ACT) for act in ACTS),
)
