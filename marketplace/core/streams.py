"""The event log: gap-free streams, appended inside the transaction that makes the event true."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction
from django.db.models import F

from marketplace.core import clock
from marketplace.core.models import Event, Forwarding, Stream

Listener = Callable[[Mapping[str, int]], object]
NAMES = 5_000  # in one statement
_listeners: list[Listener] = []


class Entry(NamedTuple):
    """One event to append: the stream's name, a kind such as `market.opened`, its JSON payload, and whether the streams
    that this one is forwarded to (the inboxes of who takes part) get a copy."""

    stream: str
    kind: str
    payload: Mapping[str, Any]
    forwarded: bool = True


def open_stream(name: str) -> Stream:
    """Make a stream; its rows start at 1."""
    return Stream.objects.create(name=name)


def forward(source: str, target: str, facts: Mapping[str, Any]) -> None:
    """From now on copy what is appended to `source` into `target`, with these facts added; once is enough."""
    rows = {row.name: row for row in Stream.objects.filter(name__in=(source, target))}
    Forwarding.objects.get_or_create(source=rows[source], target=rows[target], defaults={"facts": dict(facts)})


def append(stream: str, kind: str, payload: Mapping[str, Any], at: datetime | None = None) -> int:
    """Append one event and return its sequence number; must run inside a transaction."""
    return append_all([Entry(stream, kind, payload)], at)[stream]


def append_all(entries: Iterable[Entry], at: datetime | None = None) -> dict[str, int]:
    """Append many events and their forwarded copies, locking the streams in name order; the new head of each stream.

    Listeners are told after the commit, and only then: a frame is a hint, the row is the truth. Whoever appends to
    several streams does it in one call, for two calls in one transaction would lock out of order.
    """
    given = list(entries)
    rows = given + _copies(given)
    moment, streams = at or clock.now(), _locked({entry.stream for entry in rows})
    events = []
    for entry in rows:
        stream = streams[entry.stream]
        stream.head += 1
        payload = msgspec.json.encode(entry.payload).decode()
        events.append(Event(stream=stream, seq=stream.head, kind=entry.kind, at=moment, payload=payload))
    Event.objects.bulk_create(events)
    _count(streams, Counter(entry.stream for entry in rows))
    heads = {name: stream.head for name, stream in streams.items()}
    transaction.on_commit(lambda: announce(heads), robust=True)
    return heads


def _copies(entries: list[Entry]) -> list[Entry]:
    links: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for names in _pages({entry.stream for entry in entries if entry.forwarded}):
        rows = Forwarding.objects.filter(source__name__in=names)
        for source, target, facts in rows.values_list("source__name", "target__name", "facts"):
            links[source].append((target, facts))
    return [
        Entry(target, entry.kind, {**facts, **entry.payload})
        for entry in entries
        if entry.forwarded
        for target, facts in links[entry.stream]
    ]


def _locked(names: set[str]) -> dict[str, Stream]:
    locked: dict[str, Stream] = {}
    for page in _pages(names):
        locked |= {row.name: row for row in Stream.objects.select_for_update().filter(name__in=page).order_by("name")}
    return locked


def _count(streams: Mapping[str, Stream], added: Mapping[str, int]) -> None:
    """Write the heads: one statement for all streams that grew by the same number, which is nearly always all."""
    for rise in set(added.values()):
        for page in _pages({name for name, number in added.items() if number == rise}):
            Stream.objects.filter(pk__in=[streams[name].pk for name in page]).update(head=F("head") + rise)


def _pages(names: set[str]) -> Iterator[list[str]]:
    """Names in order, no more at once than a statement may have parameters."""
    ordered = sorted(names)
    return (ordered[start : start + NAMES] for start in range(0, len(ordered), NAMES))


def announce(heads: Mapping[str, int]) -> None:
    """Tell this process's listeners that these streams have rows up to these numbers."""
    if heads:
        for listener in list(_listeners):
            listener(heads)


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener({stream: seq})` after each commit of this process; returns how to stop."""
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
