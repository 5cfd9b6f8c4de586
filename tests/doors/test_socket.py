"""The websocket door: malformed frames, events without gaps, resuming, and who sees what."""

import json
import time
import uuid

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from marketplace.core import streams
from tests.factories import Trader, buy, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def dial(server: Server, market: str, key: str | None = None, query: str = "", **options) -> ClientConnection:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{server.socket_url}/ws/v1/markets/{market}/{query}"
    return connect(url, additional_headers=headers, proxy=None, **options)


def hear(socket: ClientConnection, **wanted: object) -> dict:
    """The next frame that has these members."""
    return hear_each(socket, wanted)[0]


def hear_each(socket: ClientConnection, *wanted: dict) -> list[dict]:
    """The next frame for each of these, in whatever order they come."""
    found: dict[int, dict] = {}
    while len(found) < len(wanted):
        frame = json.loads(socket.recv(timeout=15))
        for number, members in enumerate(wanted):
            if all(frame.get(name) == value for name, value in members.items()):
                found.setdefault(number, frame)
    return [found[number] for number in range(len(wanted))]


BAD_FRAMES = [
    ("", "not_json"),
    ("{", "not_json"),
    ("[]", "not_an_object"),
    ("1", "not_an_object"),
    (b"\x00", "not_text"),
    ('{"id": 1}', "missing_field"),
    ('{"type": 1}', "wrong_type"),
    ('{"type": "bid.submit", "colour": 1}', "unknown_field"),
    ('{"type": "bid.sabotage"}', "unknown_frame"),
    ('{"type": "ping", "type": "ping"}', "duplicate_key"),
    ('{"type": "ping", "data": NaN}', "not_json"),
    ('{"type": "ping", "data": "\\ud800"}', "lone_surrogate"),
    ('{"type": "ping", "data": ' + "[" * 40_000, "too_deep"),
    ('{"type": "ping", "data": "' + "a" * 70_000 + '"}', "body_too_large"),
    ('{"type": "auth", "key": "wk_test_wrong"}', "key_unknown"),
    ('{"type": "bid.submit", "key": "k", "data": {}}', "key_missing"),
]


def test_a_bad_frame_is_answered_and_the_socket_lives_on(doors_only: Server) -> None:
    with dial(doors_only, open_a_market().ref) as socket:
        for frame, code in BAD_FRAMES:
            socket.send(frame)
            answer = hear(socket, type="error")
            assert answer["data"]["code"] == code, frame[:60]
            assert 400 <= answer["status"] < 500
            assert answer["data"]["next"]
            socket.send('{"type": "ping", "id": "still here"}')
            assert hear(socket, type="pong")["id"] == "still here"


@pytest.mark.parametrize(("market", "key", "close"), [("mkt_none", None, 4404), (None, "wk_test_wrong", 4401)])
def test_what_cannot_be_opened_is_closed_with_a_code(
    doors_only: Server, market: str | None, key: str | None, close: int
) -> None:
    with dial(doors_only, market or open_a_market().ref, key) as socket:
        assert hear(socket, type="error")["data"]["code"] in ("market_not_found", "key_unknown")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.close_code == close


def test_a_first_frame_may_bring_the_key(doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    with dial(doors_only, market.ref) as socket:
        socket.send(json.dumps({"type": "auth", "id": 1, "key": trader.key}))
        assert hear(socket, id=1)["data"] == {"agent": trader.agent.ref}
        socket.send(json.dumps({"type": "bid.submit", "id": 2, "key": "k", "data": buy("room", 5000)}))
        answer, event = hear_each(socket, {"id": 2}, {"kind": "bid.accepted"})
        assert answer["type"] == "ack"
        assert event["stream"].startswith("participation:prt_")


def test_events_come_in_order_without_gap_and_a_resumed_socket_misses_nothing(doors_only: Server) -> None:
    market, traders = open_a_market(), [Trader() for _ in range(3)]
    with dial(doors_only, market.ref) as socket:
        assert hear(socket, seq=1)["kind"] == "market.opened"
        traders[0].join(market)  # by this process: the server's hub learns of it by its poll
        assert hear(socket, seq=2)["data"] == {"participants": 1}
    for trader in traders[1:]:
        trader.join(market)
    with dial(doors_only, market.ref, query="?after=2") as socket:
        assert [hear(socket, type="event")["seq"] for _ in range(2)] == [3, 4]
    with dial(doors_only, market.ref, query="?after=nonsense") as socket:
        assert [hear(socket, type="event")["seq"] for _ in range(4)] == [1, 2, 3, 4]
    assert [row.seq for row in streams.read(market.stream)] == [1, 2, 3, 4]


def heard_until_pong(socket: ClientConnection) -> str:
    """Everything that has come by when the answer to a last ping comes, a poll of the hub later."""
    time.sleep(1.5)
    socket.send('{"type": "ping"}')
    frames = []
    while '"pong"' not in (text := str(socket.recv(timeout=10))):
        frames.append(text)
    return "".join(frames)


def test_nobody_sees_another_s_stream(doors_only: Server) -> None:
    market, ours, theirs = open_a_market(), Trader(), Trader()
    participations = {trader: trader.join(market) for trader in (ours, theirs)}
    with dial(doors_only, market.ref) as nobody, dial(doors_only, market.ref, ours.key) as own:
        theirs.bid(market, buy("room", 7654))
        ours.bid(market, buy("room", 6000))
        public, private = heard_until_pong(nobody), heard_until_pong(own)
    assert participations[ours].ref in private
    assert participations[ours].ref not in public
    for text in (public, private):
        assert "market.joined" in text
        assert participations[theirs].ref not in text
        assert "7654" not in text


def test_many_bids_in_flight_are_each_acknowledged_once(doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    with dial(doors_only, market.ref, trader.key) as socket:
        for n in range(12):
            body = buy("room", 5000 + n)
            socket.send(json.dumps({"type": "bid.submit", "id": n, "key": str(uuid.uuid4()), "data": body}))
        answers: list[dict] = []
        while len(answers) < 12:
            frame = json.loads(socket.recv(timeout=10))
            if frame["type"] in ("ack", "error"):
                answers.append(frame)
    assert sorted(answer["id"] for answer in answers) == list(range(12))
    assert sum(answer["type"] == "ack" for answer in answers) == 1  # one standing bid; the others say which
    assert {answer["data"]["code"] for answer in answers if answer["type"] == "error"} == {"bid_stands"}
