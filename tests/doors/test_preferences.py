"""Preferences through the doors: kept private, previewed in words, bid by id or in full, found by filter."""

import json

import pytest
from websockets.sync.client import connect

import mechanisms
import mechanisms.check.verifying
from marketplace.clearing.release import released_bids
from marketplace.markets.models import Market
from marketplace.markets.services import close_market
from marketplace.markets.terms import problem_terms
from marketplace.preferences.services import store_preference
from tests.factories import Trader, close_now, open_a_market
from tests.preferences.flights import OFFER, OUT, wants
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


class Caller:
    """One trader at one server."""

    def __init__(self, server: Server, trader: Trader) -> None:
        self._api, self.trader = f"{server.url}/api/v1/", trader

    def ask(self, method: str, path: str, body: dict | None = None, status: int = 200, key: str | None = None) -> dict:
        answer = HTTP.request(method, self._api + path, json=body, headers=self.trader.headers(key))
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def caller(doors_only: Server) -> Caller:
    return Caller(doors_only, Trader())


def flights():
    return open_a_market(mechanism="vcg", lots=OFFER)


def what_stands(market: Market) -> list[dict]:
    """The standing bids, opened as the clearing opens them once the market has closed."""
    close_now(market)
    round_ = close_market(market=market)
    assert round_ is not None
    return [json.loads(bid.content) for bid in released_bids(round_=round_)]


def test_a_preference_is_its_own_agents_alone(caller: Caller, doors_only: Server) -> None:
    made = caller.ask("POST", "preferences/", {"preference": wants(), "alert": True}, 201, key="one")
    assert caller.ask("POST", "preferences/", {"preference": wants(), "alert": True}, 201, key="one") == made
    path = f"preferences/{made['id']}/"
    assert caller.ask("GET", path)["preference"] == wants()
    assert caller.ask("PUT", path, {"preference": wants(worth=9)})["version"] == 2
    assert [row["id"] for row in caller.ask("GET", "preferences/")["preferences"]] == [made["id"]]
    other = Caller(doors_only, Trader(card=None))
    for method, body in (("GET", None), ("PUT", {"preference": wants()}), ("DELETE", None)):
        assert other.ask(method, path, body, 404)["code"] == "preference_not_found"
    assert other.ask("GET", "preferences/")["preferences"] == []
    market = flights()
    refused = other.ask("POST", f"markets/{market.ref}/previews/", {"preference": made["id"]}, 404)
    assert refused["code"] == "preference_not_found"
    caller.ask("DELETE", path)
    assert caller.ask("GET", path, status=404)["code"] == "preference_not_found"


def test_a_fault_is_pointed_at_in_what_was_sent(caller: Caller) -> None:
    said = caller.ask("POST", "preferences/", {"preference": wants() | {"version": 7}}, 422)
    assert (said["code"], said["pointer"]) == ("unknown_version", "/preference/version")
    market = flights()
    bad = wants()
    bad["items"]["flight"]["must"].append({"attribute": "stops", "gt": 2})
    for door in ("previews", "bids"):
        said = caller.ask("POST", f"markets/{market.ref}/{door}/", {"preference": bad}, 422)
        assert (said["code"], said["pointer"]) == ("contradictory_must", "/preference/items/flight/must/3")
        both = {"preference": wants(), "atoms": []}
        assert caller.ask("POST", f"markets/{market.ref}/{door}/", both, 422)["code"] == "preference_and_pieces"
        dollars = {"preference": wants() | {"currency": "USD"}}
        said = caller.ask("POST", f"markets/{market.ref}/{door}/", dollars, 422)
        assert (said["code"], said["pointer"]) == ("currency_mismatch", "/preference/currency")


def test_a_preview_says_which_lots_qualify_and_why_the_others_do_not(caller: Caller) -> None:
    market = flights()
    said = caller.ask("POST", f"markets/{market.ref}/previews/", {"preference": wants()})
    told = said["preference"]
    assert told["items"]["flight"]["qualify"] == [{"lot": "early", "worth": 42_000, "means": "420.00 EUR."}]
    failed = {row["lot"]: [one["words"] for one in row["failed"]] for row in told["items"]["flight"]["out"]}
    assert failed == {
        "late": ["departureTime.time before 12:00"],
        "stopping": ["stops is 0"],
        "squeezed": ["seatingType is aisle"],
    }
    assert told["atoms"] == [{"bundle": {"early": 1}, "value": 42_000, "means": "420.00 EUR"}]
    assert (said["means"], said["would"]) == ("Buy 1 early for at most 420.00 EUR.", "not_joined")


def test_where_nothing_qualifies_the_bid_is_refused_and_told_what_would_help(caller: Caller) -> None:
    market = open_a_market(mechanism="vcg", lots=OUT)
    caller.trader.join(market, 50_000)
    said = caller.ask("POST", f"markets/{market.ref}/bids/", {"preference": wants()}, 422)
    assert (said["code"], said["pointer"]) == ("nothing_qualifies", "/preference/items/flight/must/2")
    assert "seatingType is aisle" in said["detail"]
    admitted = [relaxation["admits"] for relaxation in said["relaxations"]["flight"]]
    assert admitted == [["stopping"], ["late"], ["squeezed"]]
    seen = caller.ask("POST", f"markets/{market.ref}/previews/", {"preference": wants()})
    assert (seen["would"], seen["worst_case_minor"]) == ("nothing_qualifies", 0)


def test_a_bid_by_id_or_in_full_is_stored_as_atoms_and_never_as_wishes(caller: Caller, doors_only: Server) -> None:
    market, row = flights(), store_preference(agent=caller.trader.agent, stated=wants(worth=43_000, budget=42_500))
    caller.trader.join(market, 50_000)
    path = f"markets/{market.ref}/bids/"
    first = caller.ask("POST", path, {"preference": wants()}, 201, key="first")
    assert first["means"] == "Buy 1 early for at most 420.00 EUR."
    second = caller.ask("PUT", f"{path}{first['id']}/", {"preference": row.ref}, 201)
    assert second["means"] == "Buy 1 early for at most 430.00 EUR."
    assert caller.ask("POST", path, {"preference": wants()}, 201, key="first") == first
    assert second["compiled"] == {"atoms": [{"bundle": {"early": 1}, "value": 43_000}], "budget": 42_500}
    data = {"preference": row.ref, "replaces": second["id"]}
    frame = {"id": 1, "type": "bid.submit", "key": "by-socket", "data": data}
    headers = {"Authorization": f"Bearer {caller.trader.key}"}
    url = f"{doors_only.socket_url}/ws/v1/markets/{market.ref}/"
    with connect(url, additional_headers=headers, proxy=None) as socket:
        socket.send(json.dumps(frame))
        heard = json.loads(socket.recv(timeout=10))
        while heard.get("id") != 1:
            heard = json.loads(socket.recv(timeout=10))
    assert (heard["type"], heard["data"]["means"]) == ("ack", "Buy 1 early for at most 430.00 EUR.")
    assert what_stands(market) == [{"atoms": [{"bundle": {"early": 1}, "value": 43_000}], "budget": 42_500}]


def test_a_preference_of_too_many_bundles_is_stored_as_a_program_and_clears(caller: Caller) -> None:
    fixed = {"region": "eu", "processorCores": 8}
    hours = [
        {"id": f"m{n}", "category": "compute-hours/1", "reserve": 200, "attributes": fixed | {"memorySize": 16 + n}}
        for n in range(12)
    ]
    market = open_a_market(mechanism="vcg", lots=hours)
    item = {"category": "compute-hours/1", "worth": 900, "at_most": 5, "each_further": [-50]}
    asked = {"preference": {"version": 1, "currency": "EUR", "items": {"hours": item}}}
    said = caller.ask("POST", f"markets/{market.ref}/previews/", asked)
    assert (said["preference"]["atoms"], said["worst_case_minor"]) == ([], 4300)
    assert said["preference"]["program"]["means"] == "Too many bundles to list; none is worth more than 43.00 EUR."
    caller.trader.join(market, 5_000)
    made = caller.ask("POST", f"markets/{market.ref}/bids/", asked, 201)
    assert "bundles that your preference wants" in made["means"]
    assert "for at most 43.00 EUR" in made["means"]
    (stood,) = what_stands(market)
    assert stood == made["compiled"]
    market.refresh_from_db()
    problem = problem_terms(market) | {"params": {}, "bids": [{"agent": "a"} | stood]}
    outcome = mechanisms.run("vcg", problem)
    assert (outcome.payments["a"], len(outcome.awards[0].bundle), outcome.certificate["grade"]) == (1000, 5, "exact")
    assert mechanisms.check.verifying.verify(mechanisms.Problem.from_json(problem), outcome) == []


def test_no_door_takes_a_program_from_outside(caller: Caller) -> None:
    market = flights()
    caller.trader.join(market, 50_000)
    program = {"columns": [[None, 0], ["early", 5]], "rows": [], "most": 5}
    said = caller.ask("POST", f"markets/{market.ref}/bids/", {"program": program}, 400)
    assert (said["code"], said["pointer"]) == ("unknown_field", "/program")


def test_the_worst_case_of_a_preference_counts_against_the_limit(caller: Caller) -> None:
    market = flights()
    caller.trader.join(market, 30_000)
    path = f"markets/{market.ref}/bids/"
    assert caller.ask("POST", path, {"preference": wants()}, 403)["code"] == "over_limit"
    assert caller.ask("POST", path, {"preference": wants(budget=30_000)}, 201)["status"] == "accepted"


def test_markets_are_found_by_a_preference(caller: Caller) -> None:
    row = store_preference(agent=caller.trader.agent, stated=wants())
    fits = flights()
    open_a_market(mechanism="vcg", lots=OUT)
    open_a_market()
    found = caller.ask("GET", f"markets/?preference={row.ref}")["markets"]
    assert [market["id"] for market in found] == [fits.ref]
    assert caller.ask("GET", "markets/?preference=prf_none", status=404)["code"] == "preference_not_found"


def test_categories_and_the_schema_are_published(caller: Caller) -> None:
    names = [one["id"] for one in caller.ask("GET", "categories/")["categories"]]
    assert names[:4] == ["flight/1", "hotel-stay/1", "train-seat/1", "compute-hours/1"]
    assert caller.ask("GET", "preferences/schema/")["title"] == "A preference"


def test_decimals_of_a_lot_are_kept_as_they_were_stated(doors_only: Server, caller: Caller) -> None:
    operator = Caller(doors_only, Trader(card=None, scope="operate"))
    stay = {
        "addressLocality": "Bath",
        "checkinTime": "2026-12-01T15:00:00+00:00",
        "checkoutTime": "2026-12-02T10:00:00+00:00",
        "starRating": 4.5,
    }
    lot = {"id": "room", "category": "hotel-stay/1", "attributes": stay}
    config = {"title": "A room", "mechanism": "vcg", "currency": "EUR", "lots": [lot], "closes_in_s": 600}
    market = operator.ask("POST", "markets/", config, 201)["id"]
    assert caller.ask("GET", f"markets/{market}/")["lots"][0]["attributes"] == stay
    better = {"attribute": "starRating", "gt": 4.4}
    ask = {
        "version": 1,
        "currency": "EUR",
        "items": {"stay": {"category": "hotel-stay/1", "must": better, "worth": 9000}},
    }
    said = caller.ask("POST", f"markets/{market}/previews/", {"preference": ask})
    assert said["preference"]["items"]["stay"]["qualify"][0]["lot"] == "room"
