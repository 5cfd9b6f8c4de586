"""The one query of a table, in the words of either database."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection

from marketplace.reports.columns import Column, Table
from marketplace.reports.scopes import Scope

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
PSEUDONYM_DIGITS = 16


def query(table: Table, scope: Scope, *, defused: bool) -> tuple[str, dict[str, Any]]:
    """SQL and parameters of all rows of a table, in order; `defused` puts an apostrophe before dangerous text."""
    postgres = connection.vendor == "postgresql"
    mark = "%({})s" if postgres else ":{}"
    where, values = scope.where(mark)
    if any(column.kind == "party" for column in table.columns):
        values["salt"] = scope.salt
    named, public = scope.shown("named"), scope.shown("public")
    shown = ", ".join(
        f"{_expression(column, defused, postgres, mark).format(named=named, public=public)} AS {column.name}"
        for column in table.columns
    )
    level = scope.shown(table.level)
    sql = f"SELECT {shown} FROM {table.source} WHERE {where} AND {level} AND {table.where} ORDER BY {table.order}"  # noqa: S608
    return sql, values


def pseudonym(salt: bytes, party: str | None) -> str | None:
    """`p` and 16 hex digits of SHA-256 over salt and name; nobody has no name."""
    if not party:
        return None
    return "p" + hashlib.sha256(salt + party.encode()).hexdigest()[:PSEUDONYM_DIGITS]


def _expression(column: Column, defused: bool, postgres: bool, mark: str) -> str:
    if column.kind == "party":
        if not postgres:
            return f"walras_pseudonym({mark.format('salt')}, {column.sql})"
        salted = f"sha256({mark.format('salt')} || convert_to({column.sql}, 'UTF8'))"
        return f"CASE WHEN {column.sql} <> '' THEN 'p' || left(encode({salted}, 'hex'), {PSEUDONYM_DIGITS}) END"
    if column.kind == "instant":
        if postgres:
            return f"to_char({column.sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column.sql})"
    if column.kind == "boolean":
        return f"CASE WHEN {column.sql} THEN 'true' ELSE 'false' END"
    if column.kind == "json":
        return f"NULLIF({column.sql}::text, '')" if postgres else f"NULLIF({column.sql}, '')"
    if column.kind == "text":
        return _text(column, defused, postgres)
    return column.sql


def _text(column: Column, defused: bool, postgres: bool) -> str:
    if not (column.free and defused):
        return f"NULLIF({column.sql}, '')"
    first, char = ("left({}, 1)", "chr") if postgres else ("substr({}, 1, 1)", "char")
    marks = ", ".join(f"'{mark}'" if mark.isprintable() else f"{char}({ord(mark)})" for mark in DANGEROUS)
    text = f"NULLIF({column.sql}, '')"
    return f"CASE WHEN {first.format(column.sql)} IN ({marks}) THEN '''' || {column.sql} ELSE {text} END"
