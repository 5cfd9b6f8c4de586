"""The event log: gap-free streams, appended inside the transaction that makes the event true."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from marketplace.core import clock
from marketplace.core.models import Event, Stream

Listener = Callable[[str, int], object]
_listeners: list[Listener] = []


class Entry(NamedTuple):
    """One event to append: the stream's name, a kind such as `market.opened`, and its JSON payload."""

    stream: str
    kind: str
    payload: Mapping[str, Any]


def open_stream(name: str) -> Stream:
    """Make a stream; its rows start at 1."""
    return Stream.objects.create(name=name)


def append(stream: str, kind: str, payload: Mapping[str, Any], at: datetime | None = None) -> int:
    """Append one event and return its sequence number; must run inside a transaction."""
    return append_all([Entry(stream, kind, payload)], at)[stream]


def append_all(entries: Iterable[Entry], at: datetime | None = None) -> dict[str, int]:
    """Append many events, locking their streams in name order; the new head of each stream.

    Listeners are told after the commit, and only then: a frame is a hint, the row is the truth.
    """
    entries = list(entries)
    moment = at or clock.now()
    streams = {
        s.name: s
        for s in Stream.objects.select_for_update().filter(name__in={e.stream for e in entries}).order_by("name")
    }
    rows = []
    for entry in entries:
        stream = streams[entry.stream]
        stream.head += 1
        payload = msgspec.json.encode(entry.payload).decode()
        rows.append(Event(stream=stream, seq=stream.head, kind=entry.kind, at=moment, payload=payload))
    Event.objects.bulk_create(rows)
    Stream.objects.bulk_update(streams.values(), ["head"])
    heads = {name: stream.head for name, stream in streams.items()}
    transaction.on_commit(lambda: announce(heads), robust=True)
    return heads


def announce(heads: Mapping[str, int]) -> None:
    """Tell this process's listeners that these streams have rows up to these numbers."""
    for listener in list(_listeners):
        for name, head in heads.items():
            listener(name, head)


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener(stream, seq)` after each commit of this process; returns how to stop."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def read(stream: str, after: int = 0, limit: int = 500) -> list[Event]:
    """The rows of a stream past `after`, oldest first, at most `limit`."""
    return list(Event.objects.filter(stream__name=stream, seq__gt=after).order_by("seq")[:limit])


def frame(name: str, event: Event) -> bytes:
    """One event as the bytes that every door sends."""
    head = msgspec.json.encode(
        {"type": "event", "stream": name, "seq": event.seq, "kind": event.kind, "at": clock.stamp(event.at)}
    )
    return head[:-1] + b',"data":' + event.payload.encode() + b"}"
