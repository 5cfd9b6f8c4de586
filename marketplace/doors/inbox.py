"""The inbox by long poll: what is there, or what comes within some seconds."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity, bearer
from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import JSON, Answer, refused
from marketplace.doors.callers import identify
from marketplace.doors.hot import Receive, Send, counted, respond
from marketplace.doors.hub import Frame, read_frames
from marketplace.doors.polling import read_or_wait

PATH = "/api/v1/inbox/"


class Asked(NamedTuple):
    """The number of the last event that the caller has, and for how many seconds it waits for the next."""

    after: int
    wait: int


def asked(query: Mapping[str, str]) -> Asked:
    """The query, read strictly. Raises Refusal."""
    for name in query:
        if name not in ("after", "wait"):
            raise Refusal(400, "unknown_filter", f"There is no parameter {name[:64]!r}.", "Use after and wait.")
    return Asked(_number(query, "after", 10**18), _number(query, "wait", limits.POLL_SECONDS))


def _number(query: Mapping[str, str], name: str, most: int) -> int:
    text = query.get(name, "0")
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most:
        return int(text)
    raise Refusal(400, "out_of_range", f"{name} is a whole number from 0 to {most}.", "See docs/agents.md.")


async def answer_inbox(identity: Identity, query: Mapping[str, str]) -> Answer:
    """The next page of the caller's inbox, in the bytes of the websocket's frames."""
    try:
        identity.refuse_without("read")
        wanted = asked(query)
        name = inbox_of(identity.agent_ref)
        frames = await read_or_wait({name: wanted.after}, wanted.wait, lambda: read_frames(name, wanted.after))
    except Refusal as refusal:
        return refused(refusal)
    return Answer(200, {"content-type": JSON}, page(frames, wanted.after))


def page(frames: list[Frame], after: int) -> bytes:
    """The frames, and the number to go on from."""
    last = frames[-1][0] if frames else after
    return ('{"events":[' + ",".join(text for _, text in frames) + f'],"after":{last}}}').encode()


def is_inbox(scope: dict[str, Any]) -> bool:
    """Whether this request asks for the inbox, as programs ask; a browser that wants HTML goes to Django."""
    accepts = dict(scope["headers"]).get(b"accept", b"")
    return scope["path"] == PATH and scope["method"] == "GET" and b"text/html" not in accepts


async def serve_inbox(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer in the event loop, so that who waits holds no thread; who goes away is not waited for."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    try:
        identity = await identify(bearer(headers.get("authorization")))
        limited = counted(identity)
    except Refusal as refusal:
        await respond(send, refused(refusal))
        return
    gone, reply = asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(answer_inbox(identity, query))
    try:
        await asyncio.wait((gone, reply), return_when=asyncio.FIRST_COMPLETED)
        if reply.done():
            await respond(send, reply.result(), limited)
    finally:
        for task in (gone, reply):
            task.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
