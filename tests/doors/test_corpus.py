"""One corpus through every door: same status, same code and pointer, same bytes; never a 500."""

import json
import uuid
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from marketplace.agents.models import ApiKey
from marketplace.agents.services import revoke_key
from marketplace.bidding.models import Bid
from marketplace.markets.models import Market
from tests.doors.corpus import CORPUS, Case
from tests.factories import Trader, close_now, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
DOORS = ("hot", "drf", "websocket")
AT_ONCE = ("market_not_found", "key_unknown", "key_revoked")  # a socket is told so before it has sent anything
Said = tuple[int, bytes]


class Scene:
    """Markets in every state, made when a case wants one, and traders with every kind of key."""

    def __init__(self) -> None:
        seller = Trader(card=None, payout=True)
        self._lots = [{"id": "room", "seller": seller.agent.ref}]

    def place(self, case: Case) -> tuple[str, str | None]:
        """A market for the case, and the key of who bids there."""
        market = open_a_market(lots=self._lots)
        key = self._key(case.who, market)
        if case.market == "closed":
            close_now(market)
        elif case.market == "draft":
            Market.objects.filter(pk=market.pk).update(state="draft", opens_at=None)  # or a server that sweeps opens it
        return "mkt_none" if case.market == "none" else market.ref, key

    def _key(self, who: str, market: Market) -> str | None:
        if who in ("keyless", "nobody"):
            return None if who == "keyless" else "wk_test_nobody"
        trader = Trader()
        if who == "trader":
            trader.join(market, limit_minor=10_000)
        if who == "revoked":
            revoke_key(key=ApiKey.objects.get(agent=trader.agent))
        return trader.key


def normal(body: bytes, market: str) -> bytes:
    """The answer with what must differ masked: names, receipts, nonces and the instant."""
    document = json.loads(body)
    for name in ("id", "participation", "receipt", "nonce", "received_at"):
        if name in document:
            assert document[name]
            document[name] = "masked"
    return json.dumps(document).replace(market, "mkt").encode()


def by_http(server: Server, case: Case, market: str, key: str | None, accept: str, idempotency: str | None) -> Said:
    headers = {"Content-Type": "application/json", "Accept": accept}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    if idempotency is not None:
        headers["Idempotency-Key"] = idempotency
    url = f"{server.url}/api/v1/markets/{market}/bids/"
    response = HTTP.post(url, content=case.body, headers=headers)
    return response.status_code, response.content


def by_websocket(server: Server, case: Case, market: str, key: str | None, idempotency: str | None) -> Said:
    """The body as a frame's data, spliced in as it stands; the answer's data, cut out as it stands."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    head = json.dumps({"id": 7, "type": "bid.submit"} | ({"key": idempotency} if idempotency else {}))
    url = f"{server.socket_url}/ws/v1/markets/{market}/?after=1000"
    with connect(url, additional_headers=headers, proxy=None) as socket:
        if case.code not in AT_ONCE:
            socket.send(head[:-1] + ', "data": ' + case.body.decode("latin-1") + "}")
        while '"type":"event"' in (text := str(socket.recv(timeout=10))):
            pass
        if case.code not in AT_ONCE:  # a bad frame is answered, and the socket lives on
            socket.send('{"type": "ping", "id": 8}')
            while "pong" not in str(socket.recv(timeout=10)):
                pass
    answer = json.loads(text)
    assert answer["type"] == ("ack" if answer["status"] < 400 else "error")
    return answer["status"], text[text.index('"data":') + 7 : -1].encode()


def by(door: str, server: Server, case: Case, market: str, key: str | None, idempotency: str | None) -> Said:
    """The case at one door; a wish for HTML, however slight, leads round the hot path."""
    if door == "websocket":
        return by_websocket(server, case, market, key, idempotency)
    accept = "application/json" if door == "hot" else "application/json, text/html;q=0.1"
    return by_http(server, case, market, key, accept, idempotency)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def differences(case: Case, scene: Scene, server: Server) -> Iterator[str]:
    """Where a door answers a case otherwise than it should, or than the other doors."""
    answers: dict[str, bytes] = {}
    for door in DOORS if case.frame else DOORS[:2]:
        market, key = scene.place(case)
        idempotency = str(uuid.uuid4()) if case.key == "fresh" else case.key
        status, body = by(door, server, case, market, key, idempotency)
        document = json.loads(body)
        said = (status, document.get("code", ""), case.pointer and document.get("pointer"))
        if said != (case.status, case.code, case.pointer) or (case.code and not document["next"]):
            yield f"{case.name}: {door} said {document}"
        if Bid.objects.filter(market__ref=market).count() != (case.status == 201):
            yield f"{case.name}: {door} stored the wrong number of bids"
        answers[door] = normal(body, market)
    expected = {"hot": answers["hot"], "drf": answers["hot"]}
    if "websocket" in answers and case.same_bytes:
        expected["websocket"] = answers["hot"]
    for door, body in expected.items():
        if answers[door] != body:
            yield f"{case.name}: {door} said {answers[door]!r}, the hot door {body!r}"


def test_every_door_gives_the_same_answer(scene: Scene, doors_only: Server) -> None:
    assert [found for case in CORPUS for found in differences(case, scene, doors_only)] == []


def test_a_key_of_one_door_is_known_at_the_others(scene: Scene, doors_only: Server) -> None:
    good, spaced = CORPUS[0], CORPUS[2]
    market, key = scene.place(good)
    first = by("hot", doors_only, good, market, key, "one")
    assert first[0] == 201
    for door in DOORS:
        assert by(door, doors_only, good, market, key, "one") == first
        assert by(door, doors_only, spaced, market, key, "one") == first
        other = Case("another", good.body.replace(b"4500", b"4501"), 409)
        status, body = by(door, doors_only, other, market, key, "one")
        assert (status, json.loads(body)["code"]) == (409, "idempotency_key_reused")
    assert Bid.objects.count() == 1
