"""The REST door beside bidding: registering, finding, keys, and addresses that do not exist."""

import contextlib
import json
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from marketplace.agents.models import Agent, ApiKey
from marketplace.agents.services import revoke_key
from marketplace.bidding.models import Bid
from marketplace.core.models import IdempotentAnswer
from marketplace.markets.services import cancel_market
from tests.factories import ConfigurationFactory, Trader, buy, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


class Caller:
    """One key at one server."""

    def __init__(self, server: Server, trader: Trader) -> None:
        self._base, self._trader = f"{server.url}/api/v1/", trader

    def post(self, path: str, body: object, key: str | None = None) -> httpx.Response:
        headers = self._trader.headers(key)
        return HTTP.post(self._base + path, json=body, headers=headers, timeout=30)

    def get(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._trader.key}"}
        return HTTP.get(self._base + path, headers=headers, timeout=30)

    def delete(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._trader.key}"}
        return HTTP.delete(self._base + path, headers=headers, timeout=30)


@pytest.fixture
def operator(doors_only: Server) -> Caller:
    return Caller(doors_only, Trader(card=None, scope="operate"))


@pytest.fixture
def agent(doors_only: Server) -> Caller:
    return Caller(doors_only, Trader(card=None))


def test_a_new_agent_s_key_is_shown_to_the_repeat_and_stored_nowhere(operator: Caller) -> None:
    body = {"name": "a", "principal": {"name": "A"}}
    first, again = operator.post("agents/", body, "k").json(), operator.post("agents/", body, "k").json()
    assert first == again
    assert Agent.objects.filter(name="a").count() == 1
    assert ApiKey.objects.get(agent__ref=first["agent"]).prefix == first["key"][:12]
    assert first["key"] not in "".join(row.answer.open() for row in IdempotentAnswer.objects.all())
    assert operator.post("agents/", body | {"name": "b"}, "k").status_code == 409


def test_only_operators_open_markets_and_register_principals(agent: Caller) -> None:
    for path, body in (("agents/", {"name": "mine", "principal": {"name": "Ada"}}), ("markets/", {})):
        answer = agent.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "operator_only")


def test_an_operator_opens_a_market_once_per_key(operator: Caller) -> None:
    body = ConfigurationFactory()
    first, again = operator.post("markets/", body, "k"), operator.post("markets/", body, "k")
    assert first.status_code == 201
    assert first.content == again.content
    assert first.json()["state"] == "open"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"mechanism": "lottery"}, "mechanism_not_for_markets", "/mechanism"),
        ({"mechanism": "nash_bargaining"}, "mechanism_not_for_markets", "/mechanism"),
        ({"currency": "XXX"}, "currency_unknown", "/currency"),
        ({"lots": []}, "lots_out_of_bounds", "/lots"),
        ({"lots": [{"id": "a", "supply": 2}]}, "supply_not_one", "/lots/0/supply"),
        ({"lots": [{"id": "a", "seller": "agt_nobody"}]}, "agent_not_found", None),
        ({"params": {"direction": "buy"}}, "direction_not_for_markets", "/params/direction"),
        ({"mechanism": "vcg_exchange"}, "deficit_without_cap", "/params/deficit_cap"),
        ({"lots": [{"id": "a" * 65}]}, "text_out_of_bounds", "/lots/0"),
        ({"title": "a\x00b"}, "nul_character", None),
        ({"currency": "XAF"}, "currency_unknown", "/currency"),
        ({"closes_in_s": 10**18}, "closing_out_of_bounds", "/closes_in_s"),
        ({"opens_at": "9999-12-31T23:59:59-12:00"}, "closing_out_of_bounds", "/opens_at"),
        ({"params": {"k": 1}}, "unknown_field", None),
        ({"closes_in_s": 0}, "closing_out_of_bounds", "/closes_at"),
        ({"closes_at": "2099-01-01T00:00:00Z"}, "closing_unclear", "/closes_at"),
        ({"closes_in_s": None, "closes_at": "2026-01-01T00:00:00"}, "instant_without_zone", "/closes_at"),
        ({"title": ""}, "text_out_of_bounds", "/title"),
        ({"colour": 1}, "unknown_field", "/colour"),
    ],
)
def test_a_market_that_cannot_be_is_refused_by_name(operator: Caller, change: dict, code: str, pointer: str) -> None:
    answer = operator.post("markets/", ConfigurationFactory() | change)
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code, answer.text
    assert pointer is None or answer.json()["pointer"] == pointer


@pytest.mark.parametrize("params", [{"deficit_cap": 0}, {"pricing": "threshold"}])
def test_an_exchange_that_needs_nobody_s_money_opens(operator: Caller, params: dict) -> None:
    body = ConfigurationFactory(mechanism="vcg_exchange", params=params)
    assert operator.post("markets/", body).status_code == 201


def test_markets_are_found_by_filters(agent: Caller) -> None:
    short, other = open_a_market(closes_in_s=600), open_a_market(mechanism="double_auction", closes_in_s=7200)

    def found(query: str) -> set[str]:
        return {market["id"] for market in agent.get(f"markets/?{query}").json()["markets"]}

    assert found("") == found("state=open") == {short.ref, other.ref}
    assert found("mechanism=double_auction") == {other.ref}
    assert found("open_for=3600") == {other.ref}
    assert found("state=closed") == set()
    for query in ("state=bogus", "mechanism=bogus", "currency=bogus", "open_for=-1", "state=draft"):
        assert agent.get(f"markets/?{query}").json()["code"] == "unknown_filter_value"
    assert agent.get("markets/?colour=red").json()["code"] == "unknown_filter"


def test_me_says_for_whom_where_and_under_which_limit(doors_only: Server) -> None:
    trader = Trader()
    later, sooner, over = open_a_market(closes_in_s=7200), open_a_market(closes_in_s=600), open_a_market()
    for market, limit in ((later, 10000), (sooner, 5000), (over, 3000)):
        trader.join(market, limit_minor=limit)
    cancel_market(market=over, reason="rain")
    me = Caller(doors_only, trader).get("me/").json()
    assert (me["agent"], me["principal"]["name"]) == (trader.agent.ref, "A. Trader")
    assert me["scopes"] == ["keys", "read", "trade"]
    assert me["payment_methods"][0]["label"]
    assert me["server_time"].endswith("Z")
    assert [(row["market"], row["limit_minor"]) for row in me["participations"]] == [
        (sooner.ref, 5000),
        (later.ref, 10000),
    ]
    assert me["participations"][0]["means"] == "You can be charged at most 50.00 EUR."


def test_a_payment_method_s_key_is_bound_to_its_body(agent: Caller) -> None:
    first = agent.post("payment-methods/", {"payment_method": "pm_card_visa"}, "k")
    assert first.status_code == 201, first.text
    assert agent.post("payment-methods/", {"payment_method": "pm_card_visa"}, "k").json() == first.json()
    other = agent.post("payment-methods/", {"payment_method": "pm_card_mastercard"}, "k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    nothing = agent.post("payment-methods/", {"payment_method": "pm_nope"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "payment_method_invalid")


def test_what_is_not_there_is_a_problem_document(agent: Caller, doors_only: Server) -> None:
    for answer in (
        agent.get("nope/"),
        agent.post("nope/", {}),
        agent.get("markets/mkt_none/"),
        agent.get("markets/a%00b/"),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["next"]
    with connect(f"{doors_only.socket_url}/ws/nope/", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=10))["data"]["code"] == "not_found"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


def test_a_revoked_key_s_socket_bids_no_more_and_is_closed(doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    url, headers = f"{doors_only.socket_url}/ws/v1/markets/{market.ref}/", {"Authorization": f"Bearer {trader.key}"}
    with connect(url, additional_headers=headers, proxy=None) as socket:
        socket.recv(timeout=10)  # an event: the server has taken the key
        revoke_key(key=ApiKey.objects.get(agent=trader.agent))
        time.sleep(2.1)  # the cache of keys
        with contextlib.suppress(ConnectionClosed):  # it may be closed already
            socket.send(json.dumps({"id": 1, "type": "bid.submit", "key": "k", "data": buy("room", 5000)}))
        frames = [json.loads(text) for text in until_closed(socket)]
        assert frames[-1]["data"]["code"] == "key_revoked"
        assert socket.close_code == 4401
    assert not Bid.objects.exists()


def until_closed(socket: ClientConnection) -> Iterator[str]:
    """What comes until the server closes."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield str(socket.recv(timeout=30))


def test_the_schema_names_every_operation_once(doors_only: Server) -> None:
    schema = HTTP.get(f"{doors_only.url}/api/schema/?format=json", timeout=30).json()
    names = [act["operationId"] for path in schema["paths"].values() for act in path.values() if "operationId" in act]
    assert len(names) == len(set(names))
    assert "/api/v1/markets/{market_ref}/bids/" in schema["paths"]
    assert HTTP.get(f"{doors_only.url}/api/docs/", timeout=30).status_code == 200
