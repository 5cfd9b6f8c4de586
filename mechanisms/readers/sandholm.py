"""Reads the winner-determination files of Sandholm (decay, random) and of Lau and Goh.

The first line is `items bids`, then each line is one bid, `price item item ...`, items from 1. Every bid is a bidder of
its own, named `B` and its number in the file from 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mechanisms.readers.errors import UnreadableError
from mechanisms.readers.winner_determination import Line, document, read_goods, read_price


def read_sandholm(path: Path | str, *, mechanism: str = "vcg", finer: int = 0) -> dict[str, Any]:
    """Read the file at `path`; see `parse_sandholm`."""
    return parse_sandholm(Path(path).read_text(encoding="utf-8", errors="replace"), mechanism=mechanism, finer=finer)


def parse_sandholm(text: str, *, mechanism: str = "vcg", finer: int = 0) -> dict[str, Any]:
    """The problem document of the text, with `finer` more decimal places; UnreadableError names the line."""
    rows = [(number, fields) for number, raw in enumerate(text.splitlines(), start=1) if (fields := raw.split())]
    if not rows or len(rows[0][1]) != 2 or not all(field.isdecimal() for field in rows[0][1]):
        raise UnreadableError(1, "the file starts with the numbers of items and of bids")
    items, bids = map(int, rows[0][1])
    if not 0 < items <= 100_000:
        raise UnreadableError(1, "there are 1 to 100000 items")
    if len(rows) - 1 != bids:
        raise UnreadableError(rows[-1][0], f"{bids} bids were announced, {len(rows) - 1} stand here")
    lines = [_bid(fields, number, place, items) for place, (number, fields) in enumerate(rows[1:], start=1)]
    return document(lines, range(1, items + 1), mechanism, finer)


def _bid(fields: list[str], number: int, place: int, items: int) -> Line:
    goods = read_goods(fields[1:], number, range(1, items + 1))
    if not goods:
        raise UnreadableError(number, "a bid is for at least one item")
    return Line(f"B{place:04}", goods, read_price(fields[0], number))
