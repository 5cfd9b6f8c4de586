"""Tables as lines: CSV, in which dangerous text is defused, and JSON Lines."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from marketplace.core import clock
from marketplace.reports.columns import Table
from marketplace.reports.scopes import Scope
from marketplace.reports.sources import batches, csv_blocks

_encoder = msgspec.json.Encoder(enc_hook=str)


def write_csv(table: Table, scope: Scope, path: Path) -> int:
    """RFC 4180, UTF-8; the number of rows is that of lines that end a record."""
    rows = -1
    with path.open("wb") as file:
        for block in csv_blocks(table, scope):
            file.write(block)
            rows += block.count(b"\n")
    return max(rows, 0)


def jsonl_blocks(table: Table, scope: Scope) -> Iterator[bytes]:
    """An object a line, nulls written out, instants as RFC 3339 text."""
    instants = [column.name for column in table.columns if column.kind == "instant"]
    for batch in batches(table, scope):
        rows = batch.to_pylist()
        for row in rows:
            for name in instants:
                row[name] = clock.stamp(row[name])
        yield _encoder.encode_lines(rows)


def write_jsonl(table: Table, scope: Scope, path: Path) -> int:
    """JSON Lines, UTF-8."""
    rows = 0
    with path.open("wb") as file:
        for block in jsonl_blocks(table, scope):
            file.write(block)
            rows += block.count(b"\n")
    return rows
