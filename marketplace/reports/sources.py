"""Rows as they leave the database: CSV by COPY on PostgreSQL, by a bare cursor on SQLite; typed batches from both."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pyarrow as pa
from django.db import connection
from pyarrow import csv as arrow_csv

from marketplace.reports.columns import Column, Table
from marketplace.reports.queries import pseudonym, query
from marketplace.reports.scopes import Scope

BLOCK, PARSED = 256 * 1024, 4 * 1024 * 1024
BATCH_ROWS = 20_000
TYPES = {
    **dict.fromkeys(("text", "json", "party"), pa.string()),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "instant": pa.timestamp("ms", tz="UTC"),
}


def schema(table: Table) -> pa.Schema:
    """The table's columns as Arrow types them, with their words."""
    fields = [pa.field(c.name, TYPES[c.kind], metadata={"description": c.help}) for c in table.columns]
    return pa.schema(fields, metadata={"grain": table.grain})


def csv_blocks(table: Table, scope: Scope, *, defused: bool = True) -> Iterator[bytes]:
    """A header and the rows in RFC 4180's form, in blocks of bytes."""
    made = _copied if connection.vendor == "postgresql" else _written
    return made(table, scope, defused)


def _copied(table: Table, scope: Scope, defused: bool, *, header: bool = True, size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of whole rows; read in the thread that asks, whose connection it is."""
    sql, values = query(table, scope, defused=defused)
    copy = f"COPY ({sql}) TO STDOUT (FORMAT csv{', HEADER' if header else ''})"
    held, length = [], 0
    with connection.cursor() as cursor, cursor.copy(copy, values) as rows:
        for row in rows:
            held.append(row)
            length += len(row)
            if length >= size:
                yield b"".join(held)
                held, length = [], 0
    if held:
        yield b"".join(held)


def _written(table: Table, scope: Scope, defused: bool) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for rows in _fetched(table, scope, defused):
        writer.writerows(rows)
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    if out.tell():
        yield out.getvalue().encode()


def _fetched(table: Table, scope: Scope, defused: bool) -> Iterator[list[tuple[Any, ...]]]:
    """Rows from SQLite's own cursor, past Django's conversions."""
    sql, values = query(table, scope, defused=defused)
    connection.ensure_connection()
    raw = connection.connection
    raw.create_function("walras_pseudonym", 2, pseudonym, deterministic=True)
    if "since" in values:
        values["since"] = values["since"].astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    cursor = raw.cursor()
    try:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(BATCH_ROWS // 4):
            yield rows
    finally:
        cursor.close()


def batches(table: Table, scope: Scope) -> Iterator[pa.RecordBatch]:
    """The rows in their types; text as it is, for formats in which text is no formula."""
    if connection.vendor == "postgresql":
        yield from _parsed(table, scope)
        return
    for rows in _fetched(table, scope, defused=False):
        columns = [
            _array(column, values) for column, values in zip(table.columns, zip(*rows, strict=True), strict=True)
        ]
        yield pa.record_batch(columns, schema=schema(table))


def _parsed(table: Table, scope: Scope) -> Iterator[pa.RecordBatch]:
    """What COPY writes, block by block, read by Arrow: an empty field is null, a quoted one is empty text."""
    types = {column.name: TYPES[column.kind] for column in table.columns}
    convert = arrow_csv.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        timestamp_parsers=[arrow_csv.ISO8601],
    )
    options = {
        "read_options": arrow_csv.ReadOptions(column_names=list(types), block_size=2 * PARSED),
        "parse_options": arrow_csv.ParseOptions(newlines_in_values=True),
        "convert_options": convert,
    }
    for block in _copied(table, scope, False, header=False, size=PARSED):
        yield from arrow_csv.read_csv(pa.BufferReader(block), **options).cast(schema(table)).to_batches()


def _array(column: Column, values: tuple[Any, ...]) -> pa.Array:
    if column.kind == "boolean":
        return pa.array([None if value is None else value == "true" for value in values], pa.bool_())
    if column.kind == "instant":
        return pa.array(values, pa.string()).cast(TYPES["instant"])
    if column.kind == "number":
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array(values, TYPES[column.kind])
