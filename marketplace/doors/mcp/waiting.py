"""The tool that waits: a long poll on a market's public events and the caller's own."""

from typing import Any

import msgspec

from marketplace.bidding.move_answers import turn_answer
from marketplace.core import limits
from marketplace.core.untrusted import untrusted
from marketplace.doors.hub import read_frames
from marketplace.doors.mcp import shapes
from marketplace.doors.mcp.call import Call, encoded
from marketplace.doors.mcp.fitting import fitted, short_turn
from marketplace.doors.polling import read_or_wait
from marketplace.doors.rest.trading import own_participations
from marketplace.doors.threads import in_thread
from marketplace.markets.terms import find_market

Said = dict[str, Any]
PUBLIC, OWN = "after", "mine"
TEXTS = ("title", "reason")  # members of events that people have written
ROOM = 800  # characters of an answer that are no events
SOME, NONE = (
    "Call wait again with these numbers for what follows.",
    "Nothing yet. Call wait again, or do something else.",
)


async def wait(call: Call) -> Said:
    """The events past the caller's numbers; where there are none, those of the next seconds."""
    wanted = call.shaped(shapes.Wait)
    streams = await _streams(call, wanted.market)
    known = {name: getattr(wanted, which) for which, name in streams.items()}

    async def read() -> list[tuple[str, int, Said]]:
        return await _read(await _streams(call, wanted.market), wanted)  # it may have joined meanwhile

    found = await read_or_wait(known, wanted.seconds, read)
    return _told(found, wanted, await _turn(call, wanted.market))


@in_thread
def _streams(call: Call, market_ref: str) -> dict[str, str]:
    """The market's stream, and the caller's own where it has joined."""
    own = own_participations(market_ref, call.identity.agent_id)
    return {PUBLIC: f"market:{market_ref}", **({OWN: own[0].stream} if own else {})}


@in_thread
def _turn(call: Call, market_ref: str) -> Said:
    """Of a market of turns: how it stands now."""
    market = find_market(market_ref)
    turn = turn_answer(market, own_participations(market_ref, call.identity.agent_id).first())
    return {} if turn is None else {"turn": short_turn(turn)}


async def _read(streams: dict[str, str], wanted: shapes.Wait) -> list[tuple[str, int, Said]]:
    """(which number, sequence, event), the caller's own first: they matter most."""
    found = []
    for which in (OWN, PUBLIC):
        if which in streams:
            frames = await read_frames(streams[which], getattr(wanted, which))
            found += [(which, seq, _event(text)) for seq, text in frames]
    return found


def _event(text: str) -> Said:
    frame = msgspec.json.decode(text)
    data = {name: untrusted(str(part), 120) if name in TEXTS else part for name, part in frame["data"].items()}
    if len(encoded(data)) > limits.MCP_ANSWER_CHARS // 2:
        data = {"too_long_to_show": "outcome tells it"}
    return {"seq": frame["seq"], "kind": frame["kind"], "at": frame["at"], "data": data}


def _told(found: list[tuple[str, int, Said]], wanted: shapes.Wait, turn: Said) -> Said:
    """As many events as fit, with the numbers to go on from."""
    numbers, events, room = (
        {PUBLIC: wanted.after, OWN: wanted.mine},
        [],
        limits.MCP_ANSWER_CHARS - ROOM - len(encoded(turn)),
    )
    for which, seq, event in found:
        room -= len(encoded(event)) + 20
        if room < 0:
            break
        numbers[which] = seq
        events.append({"stream": "mine" if which == OWN else "public", **event})
    return fitted({"events": events, **numbers, **turn}, SOME if events else NONE)
