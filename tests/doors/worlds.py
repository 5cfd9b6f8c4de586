"""Worlds that differ in one sealed amount alone, and everything that anybody can see of them before the close."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import httpx
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from websockets.sync.client import connect

from marketplace.agents import keys
from marketplace.agents.inbox import inbox_of
from marketplace.core import streams
from marketplace.markets import terms
from marketplace.markets.models import Market
from tests.emptying import count_from_one
from tests.factories import Trader, buy, open_a_market
from tests.server import HTTP, Server

REF = re.compile(r"\b([a-z]{3,4})_[0-9a-hjkmnp-tv-z]{24}\b")
MASKS = (
    (re.compile(r"\b[a-z]{2,4}_[0-9A-Za-z]{14,}\b"), "<stripe>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hex>"),  # receipts, nonces, commitments; the canaries look for plain hashes
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)"), "<at>"),
    (re.compile(r"[A-Z][a-z]+\.? \d+, \d{4}(, [a-z0-9:. ]+?[ap]\.m\.|, noon|, midnight)?"), "<at>"),
    (re.compile(r"\d+ [A-Z][a-z]+\.? \d{4}(, [a-z0-9:. ]+?[ap]\.m\.|, noon|, midnight)?"), "<at>"),
    (re.compile(r'csrfmiddlewaretoken" value="\w+"'), "<csrf>"),
    (re.compile(r"\d\d:\d\d(:\d\d)?"), "<time>"),
    (re.compile(r"wk_test_[\w-]+"), "<key>"),
)
LISTS = ("me/", "markets/?state=open", "settlements/", "inbox/", "checkins/", "preferences/", "webhooks/", "keys/")
ABOUT = ("", "participations/", "bids/", "bids/{bid}/", "events/", "outcome/", "package/", "receipts/{bid}/proof/")
CLOSE_BY = ("markets", "bidding")  # apps whose rows are looked at one by one
TOOLS = ("whoami", "find_markets", "my_bids", "outcome", "explain", "proof", "wait")


class World:
    """A market with a rival's bid and a bid of some amount, and each role's eyes on it."""

    def __init__(self, server: Server, value: int, door: str) -> None:
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        count_from_one()
        keys.forget_all()
        terms.forget_all()
        self.server = server
        self.market: Market = open_a_market(title="One room", disclosure="public")
        self.bidder, self.rival, self.stranger = Trader(), Trader(), Trader()
        self.operator = Trader(scope="operate", card=None)
        for trader in (self.bidder, self.rival):
            trader.join(self.market)
        self.post(self.rival, "bids/", buy("room", 4000))
        raised = self.post(self.bidder, "raises/", {"limit_minor": 15_000})
        assert raised.status_code in (200, 201), raised.text
        self.bid = self.submit(value, door)

    def submit(self, value: int, door: str) -> str:
        """The one act that differs: the bidder's bid, replaced once, through one of the doors."""
        first = self.post(self.bidder, "bids/", buy("room", 1234)).json()["id"]
        body = buy("room", value) | {"replaces": first}
        if door == "mcp":
            return str(json.loads(self.tool(self.bidder, "bid", market=self.market.ref, **body))["id"])
        if door == "batch":
            made = self.post(self.bidder, "bid-batches/", {"bids": [{"bid": body}]}).json()["results"][0]
            return str(made["bid"]["id"])
        if door == "socket":
            with self.socket(self.bidder) as socket:
                socket.send(json.dumps({"id": 1, "type": "bid.submit", "key": "k", "data": body}))
                while (frame := json.loads(socket.recv(timeout=20))).get("id") != 1:
                    pass
            return str(frame["data"]["id"])
        return str(self.post(self.bidder, "bids/", body).json()["id"])

    def seen(self) -> dict[str, str]:
        """Every answer by role and address, with names, instants and hashes masked."""
        names: dict[str, str] = {}

        def masked(text: str) -> str:
            text = REF.sub(lambda hit: names.setdefault(hit.group(), f"{hit.group(1)}#{len(names)}"), text)
            for pattern, word in MASKS:
                text = pattern.sub(word, text)
            return text

        return {masked(place): masked(text) for place, text in self.looks()}

    def looks(self) -> Iterator[tuple[str, str]]:
        """Everything that can be asked."""
        roles = {"bidder": self.bidder, "rival": self.rival, "stranger": self.stranger, "operator": self.operator}
        for role, trader in roles.items():
            for place in self.places():
                answer = HTTP.get(
                    f"{self.server.url}/api/v1/{place}", headers={"Authorization": f"Bearer {trader.key}"}
                )
                yield f"{role} GET {place.replace(self.market.ref, '').replace(self.bid, '')}", shown(answer)
        for role, trader in list(roles.items())[:3]:
            yield from ((f"{role} {name}", text) for name, text in self.refusals(trader))
            yield f"{role} socket", "\n".join(self.frames(trader))
            yield f"{role} inbox socket", "\n".join(self.inbox(trader))
            for tool in TOOLS:
                yield f"{role} tool {tool}", self.tool(trader, tool, **self.arguments(tool))
        yield from self.pages()

    def places(self) -> list[str]:
        """Addresses under the API's root."""
        about = [f"markets/{self.market.ref}/{path.format(bid=self.bid)}" for path in ABOUT]
        return [*LISTS, *about, f"markets/{self.market.ref}/report.csv"]

    def refusals(self, trader: Trader) -> Iterator[tuple[str, str]]:
        """What is refused, and in which words."""
        for name, path, body in (
            ("second bid", "bids/", buy("room", 4100)),
            ("over the limit", "bids/", buy("room", 15_001)),
            ("a limit that is none", "raises/", {"limit_minor": 10_000}),
            ("a batch", "bid-batches/", {"bids": [{"bid": buy("room", 4100)}, {"bid": buy("room", 15_001)}]}),
            ("preview", "previews/", buy("room", 4100)),
            ("not a bid", "bids/", {"atoms": [{"bundle": {"room": 1}, "value": -1}]}),
            (
                "of another",
                "bids/",
                buy("room", 4200) | {"replaces": self.bid if trader is not self.bidder else "bid_x"},
            ),
        ):
            yield name, shown(self.post(trader, path, body))

    def frames(self, trader: Trader) -> Iterator[str]:
        """All frames of the streams that this caller gets."""
        heads = [len(streams.read(self.market.stream))]
        own = self.market.participations.filter(agent=trader.agent).first()
        heads += [len(streams.read(own.stream))] if own else []
        with self.socket(trader) as socket:
            yield from sorted(str(socket.recv(timeout=20)) for _ in range(sum(heads)))

    def inbox(self, trader: Trader) -> Iterator[str]:
        """All frames of this caller's inbox."""
        url = f"{self.server.socket_url}/ws/v1/inbox/?after=0"
        key = {"Authorization": f"Bearer {trader.key}"}
        with connect(url, additional_headers=key, proxy=None) as socket:
            yield from (str(socket.recv(timeout=20)) for _ in streams.read(inbox_of(trader.agent.ref)))

    def pages(self) -> Iterator[tuple[str, str]]:
        """Public pages, every list of the admin, and the page of every row about markets and bids."""
        yield "page", shown(HTTP.get(f"{self.server.url}/markets/{self.market.ref}/"))
        yield "index", shown(HTTP.get(f"{self.server.url}/"))
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
        for model in admin.site._registry:
            top = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            rows = model.objects.values_list("pk", flat=True) if model._meta.app_label in CLOSE_BY else []
            for address in (top, *(f"{top}{pk}/change/" for pk in rows)):
                yield address, client.get(address).content.decode()
        for page in ("", "try/"):
            address = f"/admin/desk/markets/{self.market.pk}/{page}"
            yield address, client.get(address).content.decode()
        yield "today", client.get("/admin/").content.decode()

    def arguments(self, tool: str) -> dict[str, object]:
        """What a tool takes."""
        market: dict[str, object] = {"market": self.market.ref}
        return {"whoami": {}, "find_markets": {}, "my_bids": {}, "proof": market | {"bid": self.bid}}.get(tool, market)

    def post(self, trader: Trader, path: str, body: dict) -> httpx.Response:
        """A POST about the market."""
        return HTTP.post(
            f"{self.server.url}/api/v1/markets/{self.market.ref}/{path}", json=body, headers=trader.headers()
        )

    def tool(self, trader: Trader, name: str, **arguments: object) -> str:
        """A tool's text, by a bare JSON-RPC message."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        accept = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
        answer = HTTP.post(f"{self.server.url}/mcp", json=message, headers=trader.headers() | accept)
        text = answer.text
        with suppress(IndexError):
            text = re.findall(r"^data: (.*)$", text, re.MULTILINE)[-1]
        return str(json.loads(text)["result"]["content"][0]["text"])

    def socket(self, trader: Trader):
        """A socket of this caller."""
        url = f"{self.server.socket_url}/ws/v1/markets/{self.market.ref}/?after=0&mine=0"
        return connect(url, additional_headers={"Authorization": f"Bearer {trader.key}"}, proxy=None)


def shown(answer: httpx.Response) -> str:
    """What an answer tells: status, type and body."""
    return f"{answer.status_code} {answer.headers.get('content-type')}\n{answer.text}"
