"""Every role before every door, for its own things and another's, in every state of a market."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from marketplace.doors.mcp.server import TOOLS as OFFERED
from marketplace.doors.routing import websocket_application
from tests.doors.addresses import addresses, methods
from tests.doors.role_callers import Caller, Place, staff
from tests.doors.role_table import ADD, DOORS, LOOK, SOCKETS, STAFF, TOOLS
from tests.mandates.people import Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
SLOW = ("schema", "docs")  # the same bytes for everybody: once is enough
NOT_YOURS = ("raises", "bids", "participations", "previews", "lots", "invitations")  # of these one may be refused so
BODIES: dict[str, Any] = {
    "agents": {"name": "x", "principal": {"name": "Ada"}},
    "markets": {"title": "x", "mechanism": "second_price", "currency": "EUR", "lots": [{"id": "a"}], "closes_in_s": 60},
}


def socket_routes() -> list[str]:
    """The addresses of sockets up to their first argument; the last route is for all that have none."""
    *routes, nowhere = websocket_application().application.routes
    assert str(nowhere.pattern) == ""
    return [str(route.pattern).lstrip("^").split("(")[0].rstrip("$") for route in routes]


def wrong(kind: str, caller: Caller, status: int, state: str, about_a_market: bool, name: str) -> bool:
    """Whether an answer is not what the table says."""
    if status >= 500 or status == 429:
        return True
    if kind == "signed":
        return status not in (400, 405)
    if kind == "public":
        return status in (401, 403) or (about_a_market and (status == 404) != (state == "draft"))
    if kind in ("person", "own person"):
        if caller.agent or caller.role == "nobody":
            return status != 302
        if kind == "person":
            return status not in (200, 302, 404)
        return status != 404 if not caller.owns else status in (401, 403)
    if not caller.agent:
        return status != 401 and not (status == 404 and state == "draft")  # a draft exists for nobody
    if about_a_market and state == "draft":
        return status not in (400, 404, 409)
    if kind == "operate" and caller.role != "operator":
        return status not in (200, 403)
    if kind == "owner" and not caller.owns:
        return status < 400 or status in (401, 403)
    return status == 401 or (status == 403 and name not in NOT_YOURS)


def test_every_door_is_in_the_table() -> None:
    assert {name for name, _, _ in addresses()} == set(DOORS)
    assert {model._meta.label for model in admin.site._registry} == set(LOOK)
    assert set(OFFERED) == set(TOOLS)
    assert set(socket_routes()) == set(SOCKETS)


def test_every_role_before_every_door(swept: Any) -> None:
    place, faults = Place(swept), []
    callers = place.callers()
    for name, arguments, view in addresses():
        about_a_market = "market_ref" in arguments
        for state in place.markets if about_a_market else ["settled"]:
            path = place.path(name, arguments, state)
            for method in methods(view):
                for caller in callers[:1] if name in SLOW else callers:
                    if method == "delete" and caller.owns and caller.agent:
                        continue  # what the owner takes back is gone for those who come after it
                    status = caller.ask(method, path, BODIES.get(name, {}))
                    if wrong(DOORS[name], caller, status, state, about_a_market, name):
                        faults.append((caller.role, method, path, state, status))
    assert not faults, "\n".join(map(str, faults))


def test_every_role_before_every_model_of_the_admin() -> None:
    expected, found = {}, {}
    for role in (*STAFF, "principal"):
        client, user = Client(), staff(role)
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        for model in admin.site._registry:
            label, names = model._meta.label, (model._meta.app_label, model._meta.model_name)
            looked = client.get(reverse("admin:{}_{}_changelist".format(*names))).status_code
            added = client.get(reverse("admin:{}_{}_add".format(*names)), follow=True).status_code  # first, the rule
            found[role, label] = (looked, added)
            expected[role, label] = (200 if role in LOOK[label] else 403, 200 if role in ADD.get(label, ()) else 403)
    assert {key: seen for key, seen in found.items() if seen != expected[key]} == {}


def test_who_may_only_look_is_offered_no_act_and_no_role_deletes_what_others_stand_on() -> None:
    """A list's action without a permission of its own would be open to all who see the list."""
    acts, deletions = [], []
    for role in STAFF:
        request = RequestFactory().get("/")
        request.user = staff(role)
        for model, shown in admin.site._registry.items():
            if role in ("economist", "auditor") and shown.has_view_permission(request):
                acts += [(role, model._meta.label, name) for name in shown.get_actions(request)]
            if shown.has_delete_permission(request):
                deletions.append((role, model._meta.label))
    assert (acts, deletions) == ([], [])
    request.user = User.objects.create_superuser("root")
    kept = ("Principal", "Agent", "ApiKey", "Mandate", "Market", "Round", "Bid", "Transfer", "Template")
    registry = admin.site._registry.items()
    assert [m for m, a in registry if m.__name__ in kept and a.has_delete_permission(request)] == []


def test_people_without_a_place_in_the_staff_do_not_enter_the_admin() -> None:
    person = Person()
    client = Client()
    client.force_login(person.user, "django.contrib.auth.backends.ModelBackend")
    for browser in (client, Client()):
        assert browser.get(reverse("admin:index")).status_code == 302
