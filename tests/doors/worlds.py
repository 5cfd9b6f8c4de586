"""Worlds that differ in one sealed amount alone, each with the eyes of every role on it before the close."""

import json
import re
from contextlib import suppress

import httpx
from django.contrib.auth.models import User
from django.core.management import call_command
from websockets.sync.client import connect

from marketplace.agents import keys
from marketplace.agents.models import Principal
from marketplace.markets import terms
from marketplace.markets.models import Market
from tests.doors.eyes import counted, looks
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
    (re.compile(r"content-length: \d+"), "<length>"),  # the body stands beside it; an instant of no fraction is shorter
    (re.compile(r'name="once" value="[0-9a-f-]+"'), "<once>"),
    (re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?"), "<time>"),
    (re.compile(r"wk_test_[\w-]+"), "<key>"),
)


class World:
    """A market with a rival's bid and a bid of some amount, and each role's eyes on it."""

    def __init__(self, server: Server, value: int, door: str, wide: bool = True, **stated: object) -> None:
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        count_from_one()
        keys.forget_all()
        terms.forget_all()
        self.server, self.wide, self.counted = server, wide, counted(server)
        self.market: Market = open_a_market(title="One room", disclosure="public", **stated)
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

        return {masked(place): masked(text) for place, text in looks(self, self.wide)}

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

    def socket(self, trader: Trader | None):
        """A socket of this caller, or of nobody."""
        url = f"{self.server.socket_url}/ws/v1/markets/{self.market.ref}/?after=0&mine=0"
        return connect(url, additional_headers={"Authorization": f"Bearer {trader.key}"} if trader else {}, proxy=None)

    def roles(self) -> dict[str, Trader]:
        """Who has a key."""
        return {name: getattr(self, name) for name in ("bidder", "rival", "stranger", "operator")}

    def participation_of(self, trader: Trader) -> str:
        """Its name."""
        found = self.market.participations.filter(agent=trader.agent).first()
        return found.ref if found else "prt_none"

    def card_of(self, trader: Trader) -> str:
        """Its name."""
        found = trader.agent.principal.payment_methods.first()
        return found.ref if found else "pm_none"

    def person_of(self, role: str) -> User:
        """The user of the principal of whoever has this role."""
        user = User.objects.create(username=f"person-{role}", email=f"{role}@example.org")
        Principal.objects.filter(pk=getattr(self, role).agent.principal_id).update(user=user)
        return user
