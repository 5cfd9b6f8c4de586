"""Reads files of CATS, the Combinatorial Auction Test Suite (Leyton-Brown, Pearson and Shoham 2000).

`%` starts a comment; `goods G`, `bids B`, `dummy D` stand before the bids, each `id price good ... #`, goods from 0.
A good from G on is a dummy: bids that share one are one bidder's and exclude each other; a bid without is a bidder of
its own. The count of bids in the header is often wrong, so the lines are counted and not the header believed. Agents
are named `DB` and the dummy's number, or `SB` and the bid's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mechanisms.readers.errors import UnreadableError
from mechanisms.readers.winner_determination import Line, document, read_goods, read_price

HEADER = ("goods", "bids", "dummy")
MOST_GOODS = 100_000


def read_cats(path: Path | str, *, mechanism: str = "vcg", finer: int = 0) -> dict[str, Any]:
    """Read the file at `path`; see `parse_cats`."""
    return parse_cats(Path(path).read_text(encoding="utf-8", errors="replace"), mechanism=mechanism, finer=finer)


def parse_cats(text: str, *, mechanism: str = "vcg", finer: int = 0) -> dict[str, Any]:
    """The problem document of a CATS file's text, with `finer` more decimal places than its prices have.

    Raises UnreadableError, which names the line.
    """
    counts: dict[str, int] = {}
    lines: list[Line] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        fields = raw.split("%", 1)[0].split()
        if not fields:
            continue
        if fields[0] in HEADER:
            counts[fields[0]] = _count(fields, number)
        else:
            lines.append(_bid(fields, number, counts))
    if not lines:
        raise UnreadableError(max(1, text.count("\n")), "the file has no bids")
    return document(lines, range(counts["goods"]), mechanism, finer)


def _count(fields: list[str], number: int) -> int:
    if len(fields) != 2 or not fields[1].isdecimal() or int(fields[1]) > MOST_GOODS:
        raise UnreadableError(number, f"{fields[0]!r} is followed by a number of at most {MOST_GOODS}")
    return int(fields[1])


def _bid(fields: list[str], number: int, counts: dict[str, int]) -> Line:
    if not counts.get("goods"):
        raise UnreadableError(number, "a bid stands before the number of goods")
    if len(fields) < 4 or fields[-1] != "#" or not fields[0].isdecimal():
        raise UnreadableError(number, "a bid is `id price good ... #`")
    known = counts["goods"] + counts.get("dummy", 0)
    named = read_goods(fields[2:-1], number, range(known))
    goods = tuple(good for good in named if good < counts["goods"])
    dummies = [good for good in named if good >= counts["goods"]]
    if not goods or len(dummies) > 1:
        raise UnreadableError(number, "a bid is for at least one good, with at most one dummy")
    agent = f"DB{dummies[0]}" if dummies else f"SB{fields[0]}"
    return Line(agent, goods, read_price(fields[1], number))
