"""Every role before every door, for its own things and another's, in every state of a market."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from marketplace.agents.keys import identify
from marketplace.core.refusals import Refusal
from marketplace.doors.mcp.call import Call
from marketplace.doors.mcp.server import TOOLS as OFFERED
from marketplace.mandates import documents
from marketplace.mandates.grants import make_subagent
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.services import cancel_market, close_market, create_market
from tests.doors.role_table import ADD, DOORS, LOOK, SOCKETS, STAFF, TOOLS
from tests.factories import ConfigurationFactory, Trader, buy, close_now, open_a_market
from tests.mandates.people import Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ASKS = {"alone": [{"when": {"currency": "EUR", "up_to_minor": 20000}}]}
SLOW = ("schema", "docs")  # the same bytes for everybody: once is enough
BODIES: dict[str, Any] = {
    "agents": {"name": "x", "principal": {"name": "Ada"}},
    "markets": {"title": "x", "mechanism": "second_price", "currency": "EUR", "lots": [{"id": "a"}], "closes_in_s": 60},
}
ROUTING = Path(__file__).resolve().parents[2] / "marketplace/doors/routing.py"


def addresses(patterns: list, before: str = "") -> Iterator[tuple[str, list[str], Any]]:
    """(name, arguments, view) of every address but the admin's, which has a table of its own."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("admin"):
                yield from addresses(pattern.url_patterns, before)
        elif isinstance(pattern, URLPattern):
            yield pattern.name, list(pattern.pattern.regex.groupindex), pattern.callback


def methods(view: Any) -> list[str]:
    """What a REST view takes; pages are looked at."""
    shown = getattr(view, "cls", None)
    return [name for name in ("get", "post", "put", "delete") if hasattr(shown, name)] if shown else ["get"]


@dataclass
class Caller:
    """Somebody before a door."""

    role: str
    client: Client
    agent: bool = False
    owns: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any) -> int:
        headers = {**self.headers, "Idempotency-Key": f"{self.role} {method} {path}"[-100:]}
        act = getattr(self.client, method)
        if method == "get":
            return act(path, headers=headers).status_code
        return act(path, data=body, content_type="application/json", headers=headers).status_code


class Place:
    """Two people with agents, an operator and staff of every role, and a market in every state."""

    def __init__(self, swept: Any) -> None:
        self.owner, self.other, self.operator = Person(ASKS), Person(ASKS), Trader(scope="operate")
        self.markets = {
            state: self._market(state, swept) for state in ("settled", "draft", "open", "closed", "cancelled")
        }
        self.owner.join(open_a_market(), 50000)
        self.checkin = self.owner.asked().ref
        narrow = documents.read(ASKS)
        self.below = make_subagent(parent=self.owner.agent, name="sub", document=narrow)[0].ref

    def _market(self, state: str, swept: Any) -> Market:
        if state == "draft":
            lots = [{"id": "room"}]
            return create_market(config=msgspec.convert(ConfigurationFactory(lots=lots), MarketConfiguration))
        market = open_a_market(disclosure="public")
        self.owner.join(market, 10000)
        self.owner.bid(market, buy("room", 9000))
        if state in ("closed", "settled"):
            close_now(market)
            close_market(market=market)
        if state == "settled":
            swept()
        if state == "cancelled":
            cancel_market(market=market, reason="a test")
        market.refresh_from_db()
        return market

    def callers(self) -> list[Caller]:
        """Everybody; `owns` says whose things are asked for."""
        agents = [
            ("owner's agent", self.owner, True),
            ("other agent", self.other, False),
            ("operator", self.operator, False),
        ]
        found = [Caller("nobody", Client())]
        found += [
            Caller(role, Client(), True, owns, {"Authorization": f"Bearer {trader.key}"})
            for role, trader, owns in agents
        ]
        people = [("owner", self.owner.user, True), ("other person", self.other.user, False)]
        people += [(role, staff(role), False) for role in STAFF]
        for role, user, owns in people:
            client = Client()
            client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            found.append(Caller(role, client, False, owns))
        return found

    def path(self, name: str, arguments: list[str], state: str) -> str:
        """The address, with the owner's things in its places."""
        market = self.markets[state]
        part = market.participations.first()
        bid = market.bids.first()
        known = {
            "market_ref": market.ref,
            "bid_ref": bid.ref if bid else "bid_none",
            "checkin_ref": self.checkin,
            "agent_ref": self.owner.agent.ref if name.startswith("me-") else self.below,
            "participation_ref": part.ref if part else "prt_none",
            "key_ref": self.owner.agent.keys.first().ref,
        }
        return reverse(name, kwargs={argument: known.get(argument, "x") for argument in arguments})


def staff(role: str) -> User:
    """A member of the staff with one role."""
    user = User.objects.create_user(f"staff-{role}", password="a long pass phrase", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


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
    return status == 401 or (status == 403 and name not in ("raises", "bids", "participations", "previews"))


def test_every_door_is_in_the_table() -> None:
    assert {name for name, _, _ in addresses(get_resolver().url_patterns)} == set(DOORS)
    assert {model._meta.label for model in admin.site._registry} == set(LOOK)
    assert set(OFFERED) == set(TOOLS)
    routes = [
        line.split('"^')[1].split("(")[0].split("$")[0] for line in ROUTING.read_text().splitlines() if '"^' in line
    ]
    assert set(routes) == set(SOCKETS)


def test_every_role_before_every_door(swept: Any) -> None:
    place, faults = Place(swept), []
    callers = place.callers()
    for name, arguments, view in addresses(get_resolver().url_patterns):
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
            added = client.get(reverse("admin:{}_{}_add".format(*names))).status_code
            found[role, label] = (looked, added)
            expected[role, label] = (200 if role in LOOK[label] else 403, 200 if role in ADD.get(label, ()) else 403)
    assert {key: seen for key, seen in found.items() if seen != expected[key]} == {}


def test_people_without_a_place_in_the_staff_do_not_enter_the_admin() -> None:
    person = Person()
    client = Client()
    client.force_login(person.user, "django.contrib.auth.backends.ModelBackend")
    for browser in (client, Client()):
        assert browser.get(reverse("admin:index")).status_code == 302


async def refusal_of(tool: str, identity: Any, arguments: dict) -> str:
    """The code that a tool refuses with; empty where it answers."""
    try:
        await OFFERED[tool].act(Call(identity, tool, arguments))
        return ""
    except Refusal as refusal:
        return refusal.code


def test_every_tool_keeps_to_its_caller(swept: Any) -> None:
    place = Place(swept)
    stranger = identify(place.other.key)
    draft, own = place.markets["draft"].ref, place.markets["open"]
    bid = own.bids.first().ref
    asked = {
        "market": {"market": draft, "limit_minor": 10000},
        "bid": {"market": draft, **buy("room", 5)},
        "preview": {"market": draft, **buy("room", 5)},
        "ask_my_person": {"checkin": place.checkin},
        "withdraw": {"market": own.ref, "bid": bid},
        "proof": {"market": place.markets["settled"].ref, "bid": place.markets["settled"].bids.first().ref},
        "my_bids": {"market": own.ref},
    }
    for tool, kind in TOOLS.items():
        arguments = asked.get(tool, asked["market"] if kind == "market" else {})
        if tool in ("explain", "outcome", "wait", "find_markets"):
            arguments = {"market": draft}
        code = async_to_sync(refusal_of)(tool, stranger, arguments)
        if kind == "own":
            assert code == "", tool
        else:
            assert code.endswith("_not_found") or code in ("not_joined", "not_bidder"), (tool, code)
