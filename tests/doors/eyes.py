"""Everything that anybody can see of a market, at each door that the router, the tools and the admin know.

A new door is looked through without a line here; only its arguments may have to be named in `arguments_of`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from marketplace.agents.inbox import inbox_of
from marketplace.core import streams
from marketplace.core.models import Event
from marketplace.doors.mcp.server import TOOLS
from marketplace.reports.tables import TABLES
from tests.doors.addresses import addresses, methods
from tests.doors.role_table import PAGES, REST
from tests.factories import Trader, buy
from tests.server import HTTP

if TYPE_CHECKING:
    from tests.doors.worlds import World
    from tests.server import Server

USUAL = 5000  # the amount of the usual world, which is looked for by the admin's search
OF_THE_CODE = ("schema", "docs", "asyncapi", "client", "llms", "mechanisms", "preference-schema")  # read no row
OF_THE_PROCESS = ("healthz", "readyz", "metrics")  # differ from call to call; of the figures, `_figures` tells the rest
QUERIES = {
    "markets": ("", "?state=open", "?text=room", f"?text={USUAL}"),
    "inbox": ("", "?after=1"),
    "events": ("", "?after=1"),
}
NEAR = ("me", "markets", "inbox", "settlements", "checkins", "contracts")  # lists that tell of markets
CLOSE_BY = ("markets", "bidding")
LAST = ("join", "bid", "withdraw")  # tools that act, after all others
COUNTED = tuple(f"walras_{what}" for what in ("markets", "rounds", "participations", "obligations", "authorisations"))
HEADERS = ("content-type", "content-length", "etag", "location", "vary", "cache-control", "retry-after")


def looks(world: World, wide: bool) -> Iterator[tuple[str, str]]:
    """All that can be asked; not `wide`: what is about markets and bids."""
    yield from _rest(world, wide)
    for role in ("stranger", "rival", "bidder"):
        trader = getattr(world, role)
        yield from ((f"{role} {name}", text) for name, text in refusals(world, trader))
        yield f"{role} socket", "\n".join(_frames(world, trader))
        yield f"{role} inbox socket", "\n".join(_inbox(world, trader))
    yield "nobody's socket", "\n".join(_frames(world, None))
    yield from _tools(world)
    yield "streams", "\n".join(_events())
    yield "figures", "\n".join(_figures(world))
    yield from _pages(world, wide)
    yield from _admin(world, wide)


def _rest(world: World, wide: bool) -> Iterator[tuple[str, str]]:
    """Every GET of REST, by every key and none."""
    keys = {role: {"Authorization": f"Bearer {trader.key}"} for role, trader in world.roles().items()} | {"nobody": {}}
    for name, arguments, view in addresses():
        about = "market_ref" in arguments
        if name not in REST or "get" not in methods(view) or name in OF_THE_CODE or not (about or wide or name in NEAR):
            continue
        for role, headers in keys.items():
            for path in _paths(world, name, arguments, world.roles().get(role, world.stranger)):
                for query in QUERIES.get(name, ("",)):
                    yield (
                        f"{role} GET {name} {path}{query}",
                        shown(HTTP.get(f"{world.server.url}{path}{query}", headers=headers)),
                    )


def _paths(world: World, name: str, arguments: list[str], trader: Trader) -> Iterator[str]:
    """The address, of every table where it is about one."""
    known: dict[str, str] = {
        "market_ref": world.market.ref,
        "bid_ref": world.bid,
        "agent_ref": trader.agent.ref,
        "key_ref": trader.agent.keys.first().ref,
        "suffix": "csv",
        "participation_ref": world.participation_of(trader),
        "method_ref": world.card_of(trader),
    }
    for table in TABLES if "table" in arguments else [""]:
        stated = known | {"table": table}
        yield reverse(name, kwargs={argument: stated.get(argument, "x") for argument in arguments})


def refusals(world: World, trader: Trader) -> Iterator[tuple[str, str]]:
    """What is refused, and in which words."""
    for name, path, body in (
        ("second bid", "bids/", buy("room", 4100)),
        ("over the limit", "bids/", buy("room", 15_001)),
        ("a limit that is none", "raises/", {"limit_minor": 10_000}),
        ("a batch", "bid-batches/", {"bids": [{"bid": buy("room", 4100)}, {"bid": buy("room", 15_001)}]}),
        ("preview", "previews/", buy("room", 4100)),
        ("another rule", "reclearings/", {"rule": "first_price"}),
        ("not a bid", "bids/", {"atoms": [{"bundle": {"room": 1}, "value": -1}]}),
        (
            "of another",
            "bids/",
            buy("room", 4200) | {"replaces": world.bid if trader is not world.bidder else "bid_x"},
        ),
    ):
        yield name, shown(world.post(trader, path, body))


def _frames(world: World, trader: Trader | None) -> Iterator[str]:
    """All frames of the streams that this caller gets."""
    heads = [len(streams.read(world.market.stream))]
    own = world.market.participations.filter(agent=trader.agent).first() if trader else None
    heads += [len(streams.read(own.stream))] if own else []
    with world.socket(trader) as socket:
        yield from sorted(str(socket.recv(timeout=20)) for _ in range(sum(heads)))


def _inbox(world: World, trader: Trader) -> Iterator[str]:
    """All frames of this caller's inbox."""
    url = f"{world.server.socket_url}/ws/v1/inbox/?after=0"
    key = {"Authorization": f"Bearer {trader.key}"}
    with connect(url, additional_headers=key, proxy=None) as socket:
        yield from (str(socket.recv(timeout=20)) for _ in streams.read(inbox_of(trader.agent.ref)))


def _tools(world: World) -> Iterator[tuple[str, str]]:
    """Every tool, by everybody; the bidder last, for it withdraws."""
    for tool in sorted(TOOLS, key=lambda name: (name in LAST, name)):
        for role in ("stranger", "rival", "bidder"):
            trader = getattr(world, role)
            yield f"{role} tool {tool}", world.tool(trader, tool, **arguments_of(tool, world))


def arguments_of(tool: str, world: World) -> dict[str, Any]:
    """What a tool takes."""
    market: dict[str, Any] = {"market": world.market.ref}
    return {
        **{name: {} for name in ("whoami", "find_markets", "my_bids", "contracts", "templates")},
        **dict.fromkeys(("proof", "withdraw"), market | {"bid": world.bid}),
        **dict.fromkeys(("bid", "preview"), market | buy("room", 4100)),
        **dict.fromkeys(("join", "raise_limit", "may_i"), market | {"limit_minor": 10_000}),
        "ask_my_person": {"checkin": "chk_x"},
        "answer_contract": {"contract": "ctr_x", "answer": "accept"},
        "wait": market | {"seconds": 0},
    }.get(tool, market)


def _events() -> Iterator[str]:
    """Every row of every stream, which is what sockets, inboxes, polls and webhooks are made of."""
    rows = Event.objects.order_by("pk").values_list("stream__name", "seq", "kind", "payload")
    yield from map(str, rows)


def _figures(world: World) -> Iterator[str]:
    """What Prometheus reads: which figures there are, those of the database, and how many bids were counted."""
    for family in text_string_to_metric_families(HTTP.get(f"{world.server.url}/metrics").text):
        yield family.name
        if family.name.startswith(COUNTED):
            yield from (f"{sample.labels} {sample.value}" for sample in family.samples)
        if family.name == "walras_intake_bids":
            yield from (f"{s.labels} {s.value - world.counted.get(str(s.labels), 0)}" for s in family.samples)


def counted(server: Server) -> dict[str, float]:
    """The bids that a server has decided so far, by answer."""
    families = text_string_to_metric_families(HTTP.get(f"{server.url}/metrics").text)
    return {str(s.labels): s.value for each in families if each.name == "walras_intake_bids" for s in each.samples}


def _pages(world: World, wide: bool) -> Iterator[tuple[str, str]]:
    """Every page, for nobody and for the people of bidder and rival."""
    browsers = {"nobody": Client()}
    for role in ("bidder", "rival") if wide else ():
        browsers[role] = Client()
        browsers[role].force_login(world.person_of(role), "django.contrib.auth.backends.ModelBackend")
    for name, arguments, _ in addresses():
        if name not in PAGES or name in OF_THE_CODE + OF_THE_PROCESS or name.startswith("account_"):
            continue
        for role, browser in browsers.items():
            for path in _paths(world, name, arguments, getattr(world, role, world.stranger)):
                answer = browser.get(path)
                body = b"".join(answer) if answer.streaming else answer.content
                yield f"{role} page {name} {path}", f"{answer.status_code}\n{body.decode()}"
    yield "the market's page", shown(HTTP.get(f"{world.server.url}/markets/{world.market.ref}/"))


def _admin(world: World, wide: bool) -> Iterator[tuple[str, str]]:
    """Every list of the admin, what its search finds of an amount, the page of every row, and the operator's desk."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    for page in ("/admin/", *(f"/admin/desk/markets/{world.market.pk}/{page}" for page in ("", "try/")[: 1 + wide])):
        yield page, client.get(page).content.decode()
    for model in admin.site._registry:
        if wide or model._meta.app_label in CLOSE_BY:
            top = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            rows = model.objects.order_by("pk").values_list("pk", flat=True)
            for address in (top, f"{top}?q={USUAL}", *(f"{top}{pk}/change/" for pk in rows)):
                yield address, client.get(address).content.decode()


def shown(answer: httpx.Response) -> str:
    """What an answer tells: status, headers and body."""
    headers = " ".join(f"{name}: {answer.headers[name]}" for name in HEADERS if name in answer.headers)
    return f"{answer.status_code} {headers}\n{answer.text}"
