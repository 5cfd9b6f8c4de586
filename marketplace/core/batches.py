"""Batches: one INSERT of many rows, one UPDATE that gives each of many rows values of its own.

The ORM composes an expression for each value of `bulk_create` and `bulk_update`, which costs more than the database
takes to run them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet


def insert_all(rows: Sequence[Model], name: str) -> None:
    """Store new rows of one model in one INSERT and give them their keys; the field `name` tells them apart."""
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    line = "(" + ", ".join(["%s"] * len(fields)) + ")"
    columns = ", ".join(map(_column, fields))
    back = f"{_column(model._meta.get_field(name))}, {_column(model._meta.pk)}"
    table, lines = connection.ops.quote_name(model._meta.db_table), ", ".join([line] * len(rows))
    statement = f"INSERT INTO {table} ({columns}) VALUES {lines} RETURNING {back}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, _stored((each, getattr(row, each.attname)) for row in rows for each in fields))
        keys = dict(cursor.fetchall())
    for row in rows:
        row.pk, row._state.adding = keys[getattr(row, name)], False


def update_each(
    rows: QuerySet[Any], values: Mapping[int, tuple[Any, ...]], names: tuple[str, ...] = (), **same: Any
) -> set[int]:
    """Of `rows`, those with these keys get their own `values` of the fields `names`, and the `same` values of others.

    Inside the caller's transaction. Answers the keys of the rows that were still as `rows` says: like any conditional
    UPDATE, it leaves the others alone.
    """
    found = rows.filter(pk__in=list(values)).select_for_update(of=("self",)).values_list("pk", flat=True)
    mine = set(found.order_by("pk"))
    if mine and names:
        _write(rows.model, {key: values[key] for key in sorted(mine)}, names, same)
    elif mine:
        rows.model._default_manager.filter(pk__in=mine).update(**same)
    return mine


def _write(model: Any, values: Mapping[int, tuple[Any, ...]], names: tuple[str, ...], same: Mapping[str, Any]) -> None:
    own, shared = _fields(model, names), _fields(model, same)
    columns = [f"{_column(each)} = {_typed(f'v.column{place}', each)}" for place, each in enumerate(own, start=2)]
    columns += [f"{_column(each)} = {_typed('%s', each)}" for each in shared]
    line = "(" + ", ".join(["%s"] * (1 + len(own))) + ")"
    given = ", ".join([line] * len(values))
    table, key = connection.ops.quote_name(model._meta.db_table), _column(model._meta.pk)
    statement = f"UPDATE {table} SET {', '.join(columns)} FROM (VALUES {given}) AS v WHERE {table}.{key} = v.column1"  # noqa: S608
    arguments = _stored(zip(shared, same.values(), strict=True))
    for pk, row in values.items():
        arguments += [pk, *_stored(zip(own, row, strict=True))]
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)


def _fields(model: Any, names: Iterable[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in names]


def _column(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _typed(expression: str, field: Any) -> str:
    """PostgreSQL takes what stands in VALUES for text unless it is told otherwise; SQLite asks the column."""
    if connection.vendor != "postgresql":
        return expression
    return f"CAST({expression} AS {field.db_type(connection)})"


def _stored(given: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Values as the database takes them, each with its field."""
    link = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(value, link) for field, value in given]
