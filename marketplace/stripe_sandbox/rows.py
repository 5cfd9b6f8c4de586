"""Single rows by SQL that is composed once; composing it anew costs the ORM four times what SQLite takes to run it."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model

from marketplace.stripe_sandbox.router import ALIAS

Row = TypeVar("Row", bound=Model)


class Table:
    """The statements of one model, and how its columns become Python's values."""

    def __init__(self, model: type[Model]) -> None:
        self.fields = model._meta.concrete_fields
        self.names = [field.attname for field in self.fields]
        columns = [str(field.column) for field in self.fields]
        table, key = model._meta.db_table, columns[0]  # the base class declares the key first
        listed = ", ".join(columns)
        settings = ", ".join(f"{column} = %s" for column in columns[1:])
        self.select = f"SELECT {listed} FROM {table}"  # noqa: S608  names of our own models
        self.insert = f"INSERT INTO {table} ({listed}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
        self.update = f"UPDATE {table} SET {settings} WHERE {key} = %s"  # noqa: S608
        self.one = f"{self.select} WHERE {key} = %s"
        self.converters = [_converters(field) for field in self.fields]

    def values(self, found: tuple[Any, ...]) -> list[Any]:
        """A fetched row as the ORM would have it: booleans, decoded JSON."""
        connection, values = connections[ALIAS], list(found)
        for place, converters in enumerate(self.converters):
            for convert in converters:
                values[place] = convert(values[place], self.fields[place].cached_col, connection)
        return values


def _converters(field: Any) -> list[Callable[..., Any]]:
    connection = connections[ALIAS]
    return [*connection.ops.get_db_converters(field.cached_col), *field.get_db_converters(connection)]


_tables: dict[type[Model], Table] = {}


def table_of(model: type[Model]) -> Table:
    """Composed at the first use."""
    if model not in _tables:
        _tables[model] = Table(model)
    return _tables[model]


def read(model: type[Row], key: str) -> Row | None:
    """The row of this key, if there is one."""
    table = table_of(model)
    with connections[ALIAS].cursor() as cursor:
        found = cursor.execute(table.one, [key]).fetchone()
    return None if found is None else model.from_db(ALIAS, table.names, table.values(found))


def read_all(model: type[Row]) -> list[Row]:
    """Every row of a small table."""
    table = table_of(model)
    with connections[ALIAS].cursor() as cursor:
        rows = cursor.execute(table.select).fetchall()
    return [model.from_db(ALIAS, table.names, table.values(found)) for found in rows]


def write(row: Model) -> None:
    """One INSERT or one UPDATE, as the row knows whether it is new."""
    table, connection = table_of(type(row)), connections[ALIAS]
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in table.fields]
    with connection.cursor() as cursor:
        if row._state.adding:
            cursor.execute(table.insert, values)
        else:
            cursor.execute(table.update, [*values[1:], values[0]])
    row._state.adding, row._state.db = False, ALIAS
