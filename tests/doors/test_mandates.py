"""Mandates through the doors: sub-agents, decisions, joins that wait, and the question that opens a page."""

import asyncio
import json
import uuid

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

from marketplace.agents.models import Agent
from tests.doors.test_mcp import play
from tests.factories import Trader, open_a_market
from tests.mandates.people import Person, swept
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
SMALL_ALONE = {
    "alone": [{"when": {"currency": "EUR", "up_to_minor": 5000}}],
    "ceilings": {"EUR": {"standing_minor": 20000}},
    "never": [{"when": {"mechanisms": {"any": ["first_price"]}}, "name": "no first prices"}],
    "may_tell": {"dates": ["counterparty"]},
}
OURS = "mandates bidding settlement"


class Caller:
    """An agent at the REST door."""

    def __init__(self, server: Server, key: str) -> None:
        self._api, self._key = f"{server.url}/api/v1/", key

    def __call__(self, method: str, path: str, body: object = None, key: str | None = None) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": key or str(uuid.uuid4())}
        reply = HTTP.request(method, self._api + path, headers=headers, json=body)
        return reply.status_code, reply.json()


def test_a_join_that_waits_is_202_and_then_201_under_the_same_key(doors_only: Server) -> None:
    person, market = Person(SMALL_ALONE), open_a_market()
    call, join = Caller(doors_only, person.key), f"markets/{market.ref}/participations/"
    status, waiting = call("POST", join, {"limit_minor": 10000}, "one")
    assert (status, waiting["state"]) == (202, "asking")
    assert call("POST", join, {"limit_minor": 10000}, "one") == (202, waiting)
    status, seen = call("GET", f"checkins/{waiting['checkin']}/")
    assert (status, seen["because"]) == (200, ["No rule lets the agent do this alone."])
    assert call("GET", f"checkins/{waiting['checkin']}/")[1] in call("GET", "checkins/")[1]["checkins"]
    assert Caller(doors_only, Trader().key)("GET", f"checkins/{waiting['checkin']}/")[0] == 404
    person.answer("yes")
    swept(OURS)
    status, joined = call("POST", join, {"limit_minor": 10000}, "one")
    assert (status, joined["state"], joined["id"]) == (201, "active", waiting["id"])
    status, raised = call("POST", f"markets/{market.ref}/raises/", {"limit_minor": 15000})
    assert (status, raised["state"]) == (202, "asking")


def test_what_would_be_said_is_said_beforehand(doors_only: Server) -> None:
    person, seller = Person(SMALL_ALONE), Trader(payout=True)
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}])
    first = open_a_market(mechanism="first_price")
    call = Caller(doors_only, person.key)

    def would(**stated: object) -> str:
        return call("POST", "mandates/decisions/", stated)[1]["would"]

    assert would(market=market.ref, limit_minor=5000) == "alone"
    assert would(market=market.ref, limit_minor=10000) == "ask"
    assert would(market=first.ref, limit_minor=5000) == "never"
    assert would(tell="dates", to=seller.agent.ref) == "never"  # not a counterparty yet
    person.join(market, 5000)
    assert would(tell="dates", to=seller.agent.ref) == "alone"
    assert would(tell="worth", to=seller.agent.ref) == "never"
    mandate = call("GET", "mandates/")[1]
    assert "Never under the rule first_price (no first prices)." in mandate["means"]
    assert mandate["room"] == {"EUR": {"standing_minor": 15000}}
    assert call("GET", "mandates/ap2/")[1]["open_mandates"][0]["not_expressed"] == [
        "alone",
        "may_tell",
        "never",
        "standing_minor",
    ]


def test_an_agent_makes_a_narrower_sub_agent_and_stops_it(doors_only: Server) -> None:
    person, market = Person(SMALL_ALONE), open_a_market()
    call = Caller(doors_only, person.key)
    assert call("POST", "agents/", {"name": "scout"})[1]["code"] == "mandate_needed"
    wider = call("POST", "agents/", {"name": "scout", "mandate": {}})
    assert (wider[0], wider[1]["code"]) == (403, "mandate_wider")
    assert set(wider[1]["wider"]) == {"ceilings", "never:0 (no first prices)", "alone"}
    assert Agent.objects.count() == 1
    narrower = {**SMALL_ALONE, "ceilings": {"EUR": {"standing_minor": 5000}}, "may_tell": {}}
    status, made = call("POST", "agents/", {"name": "scout", "mandate": narrower}, "k")
    assert (status, call("POST", "agents/", {"name": "scout", "mandate": narrower}, "k")[1]["key"]) == (
        201,
        made["key"],
    )
    below = Caller(doors_only, made["key"])
    assert below("GET", "mandates/")[1]["above"] == [person.agent.ref]
    assert below("POST", f"markets/{market.ref}/participations/", {"limit_minor": 5000})[0] == 201
    regrant = {"agent": made["agent"], "mandate": {**narrower, "categories": ["a"]}}
    assert call("POST", "mandates/", regrant)[1]["version"] == 2
    assert below("POST", "mandates/", regrant)[1]["code"] == "agent_not_found"
    assert below("DELETE", f"agents/{person.agent.ref}/")[1]["code"] == "agent_not_found"
    assert call("DELETE", f"agents/{made['agent']}/")[1]["stopped"] == [made["agent"]]
    assert call("POST", "mandates/", regrant)[1]["code"] == "agent_stopped"


def test_contradictory_rules_are_named(doors_only: Server) -> None:
    operator = Trader(scope="operate")
    mandate = {"ask": [{"when": {}, "name": "all"}], "never": [{"when": {}, "name": "none"}]}
    stated = {"name": "x", "principal": {"name": "Ada"}, "mandate": mandate}
    status, refusal = Caller(doors_only, operator.key)("POST", "agents/", stated)
    assert (status, refusal["code"]) == (422, "mandate_contradictory")
    assert refusal["contradictions"] == ["ask:0 (all) says ask, but never:0 (none) says never to all of it"]


def test_an_operators_agent_without_a_mandate_is_bound_by_its_limits_alone(doors_only: Server) -> None:
    trader, market = Trader(), open_a_market()
    call = Caller(doors_only, trader.key)
    assert call("GET", "me/")[1]["mandate"]["document"] == {}
    assert call("POST", f"markets/{market.ref}/participations/", {"limit_minor": 100000})[0] == 201


def test_a_model_asks_its_person_by_an_address(doors_only: Server) -> None:
    person, market = Person(SMALL_ALONE), open_a_market()

    async def story(model: object) -> None:
        asked = await model.call("join", market=market.ref, limit_minor=10000)
        assert asked["next"].startswith("ask_my_person")
        shown = await model.call("ask_my_person", checkin=asked["checkin"])
        assert shown["url"].endswith(f"/me/asks/{asked['checkin']}/")
        assert (await model.call("may_i", market=market.ref, limit_minor=1))["would"] == "alone"

    play(doors_only, person, story)


def test_a_client_that_opens_addresses_is_asked_to(doors_only: Server) -> None:
    person, market = Person(SMALL_ALONE), open_a_market()
    person.join(market, 10000)
    checkin = person.asked().ref

    async def opened(context: object, params: object) -> ElicitResult:
        return ElicitResult(action="accept")

    async def story() -> dict:
        headers = {"Authorization": f"Bearer {person.key}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=40) as http:
            transport = streamable_http_client(f"{doors_only.url}/mcp", http_client=http)
            async with Client(transport, elicitation_callback=opened) as client:
                with pytest.raises(MCPError) as caught:
                    await client.call_tool("ask_my_person", {"checkin": checkin})
                return json.loads(caught.value.error.model_dump_json())

    error = asyncio.run(story())
    assert error["code"] == -32042
    (elicitation,) = error["data"]["elicitations"]
    assert (elicitation["mode"], elicitation["elicitationId"]) == ("url", checkin)
    assert elicitation["url"].endswith(f"/me/asks/{checkin}/")
