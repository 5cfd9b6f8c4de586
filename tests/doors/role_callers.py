"""Callers of every role, and a place with things of one owner and a market in every state."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from marketplace.mandates import documents
from marketplace.mandates.grants import make_subagent
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.services import cancel_market, close_market, create_market
from marketplace.preferences.services import store_preference
from tests.doors.role_table import STAFF
from tests.factories import ConfigurationFactory, Trader, buy, close_now, open_a_market
from tests.mandates.people import Person
from tests.preferences.flights import wants

ASKS = {"alone": [{"when": {"currency": "EUR", "up_to_minor": 20000}}]}


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
        self.preference = store_preference(agent=self.owner.agent, stated=wants()).ref
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
            "preference_ref": self.preference,
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
