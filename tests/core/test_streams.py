"""Streams: numbered without gaps by many writers at once, told only after the commit."""

import json
import threading
from collections.abc import Mapping

import pytest
from django.db import connection, transaction

from marketplace.core import streams


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_no_gap_and_no_repeat() -> None:
    streams.open_stream("a")
    streams.open_stream("b")

    def write(who: int) -> None:
        for n in range(5):
            with transaction.atomic():
                names = ("a", "b") if who % 2 else ("b", "a")
                streams.append_all([streams.Entry(name, "k", {"who": who, "n": n}) for name in names])
        connection.close()

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("a", "b"):
        rows = streams.read(name)
        assert [row.seq for row in rows] == list(range(1, 21))
        for who in range(4):  # each writer's own order is kept
            assert [json.loads(row.payload)["n"] for row in rows if json.loads(row.payload)["who"] == who] == list(
                range(5)
            )


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_the_number_back_and_tells_nobody() -> None:
    streams.open_stream("a")
    heard: list[Mapping[str, int]] = []
    forget = streams.listen(heard.append)
    try:
        with transaction.atomic():
            streams.append("a", "lost", {})
            transaction.set_rollback(True)
        with transaction.atomic():
            assert streams.append("a", "kept", {"x": 1}) == 1
            assert heard == []
    finally:
        forget()
    assert heard == [{"a": 1}]
    assert [row.kind for row in streams.read("a")] == ["kept"]


@pytest.mark.django_db
def test_a_frame_is_one_json_object_with_the_payload_as_it_was_written() -> None:
    streams.open_stream("a")
    streams.append("a", "k", {"text": 'quote " and ü', "n": 1})
    frame = json.loads(streams.frame("a", streams.read("a")[0]))
    assert frame["data"] == {"text": 'quote " and ü', "n": 1}
    assert (frame["type"], frame["stream"], frame["seq"], frame["kind"]) == ("event", "a", 1, "k")
    assert frame["at"].endswith("Z")
