"""The OpenAPI document against the running server: what it says may be sent is answered as it says, to every key."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from marketplace.agents.services import issue_key, revoke_key
from marketplace.core import clock
from marketplace.markets.services import close_market
from tests.doors.schema_run import accounts_in, faults_and_count
from tests.factories import Trader, buy, close_now, open_a_market
from tests.mandates.people import Person
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
KINDS = ("read", "trade", "operate", "expired", "revoked", "unknown", "session", "none")
STATELESS = ("examples", "coverage", "fuzzing")


class Scene:
    """An agent with every kind of key, and things of its own in every list, for addresses to name."""

    def __init__(self, swept: Callable[[], int]) -> None:
        self._trader = Trader(scope="operate")
        markets = [open_a_market(disclosure="public") for _ in range(2)]
        bids = []
        for market in markets:
            self._trader.join(market)
            bids.append(self._trader.bid(market, buy("room", 5000)).bid.ref)
        close_now(markets[0])
        close_market(market=markets[0])
        swept()
        spare = [issue_key(agent=self._trader.agent, scopes=["read"])[0].ref for _ in range(2)]
        self.known = {
            "market_ref": [market.ref for market in markets],
            "bid_ref": bids,
            "key_ref": spare,
        }

    def headers(self, kind: str) -> dict[str, str]:
        """What a caller of this kind sends with every request."""
        if kind == "none":
            return {}
        if kind == "session":
            client = Client()
            client.force_login(Person().user, "django.contrib.auth.backends.ModelBackend")
            return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
        return {"Authorization": f"Bearer {self.key(kind)}"}

    def key(self, kind: str) -> str:
        """A key of this kind."""
        if kind == "unknown":
            return "wk_test_nobody"
        if kind == "operate":
            return self._trader.key
        row, key = issue_key(agent=self._trader.agent, scopes=["read", "trade"] if kind == "trade" else ["read"])
        if kind == "revoked":
            revoke_key(key=row)
        if kind == "expired":
            row.expires_at = clock.now() - timedelta(seconds=1)
            row.save()
        return key


def document_of(server: Server) -> dict:
    document: dict = HTTP.get(f"{server.url}/api/schema/?format=json").json()
    return document


def test_the_document_is_of_today_and_every_answer_in_it_has_a_shape(doors_only: Server) -> None:
    document = document_of(doors_only)
    assert document["openapi"].startswith("3.1")
    for path, acts in document["paths"].items():
        for method, act in acts.items():
            assert "default" in act["responses"], (method, path)
            assert not act["operationId"].startswith("v1_"), act["operationId"]
            good = [answer for status, answer in act["responses"].items() if status.startswith("2")]
            kinds = [kind for answer in good for kind in answer.get("content", {}).items()]
            assert kinds or "204" in act["responses"], (method, path)
            shapes = {kind: part["schema"] for kind, part in kinds}
            if path != "/api/v1/preferences/schema/" and "application/json" in shapes:
                assert shapes["application/json"]["$ref"].startswith("#/components/schemas/"), (method, path)
    post = document["paths"]["/api/v1/keys/"]["post"]
    assert [part["name"] for part in post["parameters"]] == ["Idempotency-Key"]
    for acts in document["paths"].values():
        for act in acts.values():
            told = {name for answer in act["responses"].values() for name in answer.get("headers", {})}
            assert ("RateLimit-Remaining" in told) == bool(act.get("security"))


@pytest.mark.parametrize("kind", ["trade", *(pytest.param(kind, marks=pytest.mark.prove) for kind in KINDS)])
def test_every_check_of_schemathesis_on_every_address(
    doors_only: Server, swept: Callable[[], int], kind: str, request: pytest.FixtureRequest
) -> None:
    """By default a few examples for one kind of key; under `prove` a hundred for each."""
    full = request.node.get_closest_marker("prove") is not None
    scene = Scene(swept)
    faults, asked = faults_and_count(
        document_of(doors_only),
        doors_only.url,
        headers=scene.headers(kind),
        known=scene.known,
        examples=100 if full else 1,
        phases=STATELESS if full else ("fuzzing",),
    )
    assert faults == []
    assert len(asked) >= 45


@pytest.mark.parametrize("examples", [2, pytest.param(100, marks=pytest.mark.prove)])
def test_what_was_made_is_there_for_who_made_it_until_it_is_deleted(
    doors_only: Server, swept: Callable[[], int], examples: int, tmp_path: Path
) -> None:
    """Chains of requests: what one answers goes into the next, and another agent does not get it."""
    keys = {"maker": Scene(swept).key("operate"), "other": Trader(scope="operate").key}
    faults, asked = faults_and_count(
        document_of(doors_only),
        doors_only.url,
        headers={},
        accounts=accounts_in(tmp_path / "accounts.json", keys),
        known={},
        examples=examples,
        phases=("stateful",),
    )
    assert faults == []
    assert asked


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("read", "trade", "operate")])
def test_who_has_no_good_key_gets_401_everywhere(doors_only: Server, swept: Callable[[], int], kind: str) -> None:
    document, headers = document_of(doors_only), Scene(swept).headers(kind)
    for path, acts in document["paths"].items():
        for method, act in acts.items():
            url = doors_only.url + path.replace("{", "").replace("}", "")
            answer = HTTP.request(method.upper(), url, headers=headers, json=None if method == "get" else {})
            expected = 401 if act.get("security") or "Authorization" in headers else 200
            assert answer.status_code == expected, (method, path)
            assert answer.status_code == 200 or answer.json()["next"]
