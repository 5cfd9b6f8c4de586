"""Every role before every socket and every tool, for its own things and another's, in every state of a market."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import identify
from marketplace.core import streams
from marketplace.core.refusals import Refusal
from marketplace.doors.mcp.call import Call
from marketplace.doors.mcp.server import TOOLS as OFFERED
from tests.doors.role_callers import Caller, Place
from tests.doors.role_table import SOCKETS, TOOLS
from tests.factories import Trader, buy
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
MARKET, INBOX = SOCKETS
NO_BID_OF_YOURS = ("bid_not_found", "not_joined", "not_bidder")


def dial(server: Server, path: str, caller: Caller) -> ClientConnection:
    """A socket with what this caller has to show: a key, or the cookies of a session, which say nothing here."""
    cookies = "; ".join(f"{name}={part.value}" for name, part in caller.client.cookies.items())
    headers = {**caller.headers, **({"Cookie": cookies} if cookies else {})}
    return connect(f"{server.socket_url}/{path}", additional_headers=headers, proxy=None)


def told(socket: ClientConnection, events: int) -> Iterator[dict[str, Any]]:
    """So many events, and whatever else comes before the answer to a ping that is sent after them."""
    found: list[dict[str, Any]] = []
    asked = False
    while not found or found[-1]["type"] != "pong":
        if not asked and sum(frame["type"] == "event" for frame in found) >= events:
            socket.send('{"type": "ping", "id": 0}')
            asked = True
        found.append(json.loads(socket.recv(timeout=20)))
    return (frame for frame in found if frame["type"] != "pong")


def answered(socket: ClientConnection, kind: str, data: dict[str, Any]) -> tuple[int, str]:
    """Status and code of the answer to one frame."""
    socket.send(json.dumps({"id": kind, "type": kind, "key": "k", "data": data}))
    while (frame := json.loads(socket.recv(timeout=20))).get("id") != kind:
        pass
    return frame["status"], frame["data"].get("code", "")


def closed_with(socket: ClientConnection) -> int | None:
    """The code that a socket is closed with."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=20)
    return socket.close_code


def agent_of(place: Place, caller: Caller) -> Trader | None:
    """Whose key the caller has."""
    traders = {"owner's agent": place.owner, "other agent": place.other, "operator": place.operator}
    return traders.get(caller.role)


def test_every_role_before_the_socket_of_a_market_in_every_state(doors_only: Server, swept: Any) -> None:
    place = Place(swept)
    callers = place.callers()
    for state, market in place.markets.items():
        own = market.participations.filter(agent=place.owner.agent).first()
        for caller in callers:
            expected = {market.stream} | ({own.stream} if own and caller.agent and caller.owns else set())
            with dial(doors_only, f"{MARKET}{market.ref}/", caller) as socket:
                if state == "draft":
                    assert closed_with(socket) == 4404, caller.role
                    continue
                frames = list(told(socket, sum(len(streams.read(name)) for name in expected)))
                assert {frame["stream"] for frame in frames} == expected, (caller.role, state)
                bid = market.bids.get().ref
                for kind, data in (("bid.submit", buy("room", 9100)), ("bid.withdraw", {"bid": bid})):
                    if kind == "bid.withdraw" and caller.agent and caller.owns:
                        continue  # what the owner takes back is gone for those who come after it
                    answer = answered(socket, kind, data)
                    assert refused_rightly(caller, state, answer), (caller.role, state, kind, answer)


def refused_rightly(caller: Caller, state: str, answer: tuple[int, str]) -> bool:
    """None of these acts is anybody's to do: a first bid stands, a market is over, a bid is another's."""
    status, code = answer
    if not caller.agent:
        return (status, code) == (401, "key_missing")
    if state != "open":
        return status in (403, 404, 409) and code in ("market_not_open", *NO_BID_OF_YOURS)
    return code == "bid_stands" if caller.owns else code in NO_BID_OF_YOURS


def test_every_role_before_the_socket_of_an_inbox(doors_only: Server, swept: Any) -> None:
    place = Place(swept)
    for caller in place.callers():
        trader = agent_of(place, caller)
        inbox = inbox_of(trader.agent.ref) if trader else ""
        with dial(doors_only, INBOX, caller) as socket:
            frames = list(told(socket, len(streams.read(inbox)) if trader else 0))
            assert all(frame["stream"] == inbox for frame in frames), caller.role
            assert bool(frames) == (caller.agent and caller.owns), caller.role
            socket.send('{"id": 1, "type": "auth", "key": "wk_test_wrong"}')
            assert json.loads(socket.recv(timeout=20))["data"]["code"] == "key_unknown"


async def refusal_of(tool: str, identity: Any, arguments: dict[str, Any]) -> str:
    """The code that a tool refuses with; empty where it answers."""
    try:
        await OFFERED[tool].act(Call(identity, tool, arguments))
        return ""
    except Refusal as refusal:
        return refusal.code


def arguments_of(tool: str, place: Place, state: str) -> dict[str, Any]:
    """What a tool is asked about: the market of a state, and in it the owner's things."""
    market = place.markets[state]
    about, bid = {"market": market.ref}, market.bids.first()
    named = {"bid": bid.ref if bid else "bid_none"}
    limited = about | {"limit_minor": 10000}
    return {
        **{key: {} for key in ("whoami", "contracts", "templates")},
        "open_market": {"template": "none", "title": "x", "currency": "EUR", "lots": []},
        "invite": about | {"agents": ["agt_none"]},
        "ask_my_person": {"checkin": place.checkin},
        **dict.fromkeys(("withdraw", "proof"), about | named),
        **dict.fromkeys(("bid", "preview"), about | buy("room", 5)),
        **dict.fromkeys(("join", "raise_limit", "may_i"), limited),
        "answer_contract": {"contract": "ctr_none", "answer": "accept"},
        "wait": about | {"seconds": 0},
        "move": about | {"n": 1, "type": "accept"},
    }.get(tool, about)


def test_every_tool_keeps_to_its_caller_in_every_state(swept: Any) -> None:
    place = Place(swept)
    for state in place.markets:
        for tool, kind in TOOLS.items():
            arguments = arguments_of(tool, place, state)
            for stranger in (place.operator, place.other):
                code = async_to_sync(refusal_of)(tool, identify(stranger.key), arguments)
                if kind == "own":
                    assert code == ("market_not_found" if (tool, state) == ("my_bids", "draft") else ""), tool
                elif kind == "owner":
                    assert code.endswith("_not_found") or code in NO_BID_OF_YOURS, (tool, state, code)
                else:
                    assert code.endswith("_not_found") == (state == "draft"), (tool, state, code)
