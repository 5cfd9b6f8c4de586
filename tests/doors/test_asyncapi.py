"""The AsyncAPI document against the running server: every frame sent and heard is one that it describes."""

import json
import re
from collections.abc import Iterator

import httpx
import jsonschema
import pytest
from websockets.sync.client import ClientConnection, connect

from marketplace.markets.services import cancel_market
from tests.docs.test_pages import page
from tests.doors.test_socket import BAD_FRAMES, dial, hear
from tests.factories import Trader, buy, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


@pytest.fixture
def document(doors_only: Server) -> dict:
    return httpx.get(f"{doors_only.url}/api/asyncapi/", trust_env=False).raise_for_status().json()


def refs(part: object) -> Iterator[str]:
    """Every reference within the document."""
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from refs(value)


def test_the_document_holds_together_and_says_what_the_protocol_page_says(document: dict, doors_only: Server) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert f"ws://{document['servers']['here']['host']}" == doors_only.socket_url
    for ref in refs(document):
        part: object = document
        for step in ref.removeprefix("#/").split("/"):
            part = part[step]
    told = page("docs/protocol.md")
    kinds = document["components"]["messages"]["event"]["payload"]["properties"]["kind"]["enum"]
    rows = re.findall(r"^\|.*`[a-z]+\.[a-z]+`.*\|$", told, re.MULTILINE)
    assert set(kinds) == set(re.findall(r"`([a-z]+\.[a-z]+)`(?=[^|]*\|)", "\n".join(rows))) - {
        "bid.submit",
        "bid.withdraw",
        "move.submit",
    }
    for message in document["components"]["messages"].values():
        jsonschema.Draft202012Validator.check_schema(message["payload"])


class Checked:
    """A socket whose every frame is held against the document."""

    def __init__(self, socket: ClientConnection, document: dict, channel: str = "") -> None:
        self._channel = channel
        self._socket, self._messages = socket, document["components"]["messages"]
        self.seen: set[str] = set()

    def recv(self, timeout: float) -> str:
        text = str(self._socket.recv(timeout=timeout))
        self._check(json.loads(text), "hear")
        return text

    def send(self, frame: dict) -> None:
        self._check(frame, "send")
        self._socket.send(json.dumps(frame))

    def _check(self, frame: dict, way: str) -> None:
        jsonschema.validate(frame, self._messages[frame["type"]]["payload"], jsonschema.Draft202012Validator)
        self.seen |= {f"{self._channel}{way} {frame['type']}", frame.get("kind", "")}


def test_every_frame_is_as_the_document_says(document: dict, doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    with dial(doors_only, market.ref) as socket:
        checked = Checked(socket, document)
        checked.send({"type": "auth", "id": "a", "key": trader.key})
        hear(checked, id="a")
        checked.send({"type": "bid.submit", "id": 1, "key": "k", "data": buy("room", 5000)})
        bid = hear(checked, id=1)["data"]["id"]
        checked.send({"type": "bid.submit", "id": 2, "key": "l", "data": buy("room", 6000)})
        assert hear(checked, id=2)["data"]["code"] == "bid_stands"
        checked.send({"type": "bid.withdraw", "id": 3, "data": {"bid": bid}})
        hear(checked, id=3)
        checked.send({"type": "move.submit", "id": 4, "key": "m", "data": {"type": "accept"}})
        assert hear(checked, id=4)["data"]["code"] == "takes_no_moves"
        for frame, code in BAD_FRAMES[:-2]:
            socket.send(frame)
            assert hear(checked, type="error")["data"]["code"] == code
        cancel_market(market=market, reason="rain")
        hear(checked, kind="market.cancelled")
        checked.send({"type": "ping", "id": None})
        hear(checked, type="pong")
    with connect(f"{doors_only.socket_url}/ws/v1/inbox/", proxy=None) as socket:
        inbox = Checked(socket, document, "inbox_")
        inbox.send({"type": "auth", "id": "a", "key": trader.key})
        hear(inbox, id="a")
        hear(inbox, kind="market.cancelled")
        socket.send("{")
        hear(inbox, type="error")
        inbox.send({"type": "ping", "id": None})
        hear(inbox, type="pong")
    checked.seen |= inbox.seen
    operations = document["operations"]
    for way in operations:
        names = {message["$ref"].rpartition("/")[2] for message in operations[way]["messages"]}
        assert {f"{way} {name}" for name in names} <= checked.seen
    assert checked.seen >= {"market.opened", "market.joined", "participation.active", "bid.accepted", "bid.withdrawn"}
