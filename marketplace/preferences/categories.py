"""Categories as everybody reads them: the house's own and those that operators have written."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from marketplace.core import clock
from marketplace.core.history import note
from marketplace.core.refusals import Refusal
from marketplace.preferences.models import Category as Row
from mechanisms.errors import ProblemError
from mechanisms.preferences import BUILT_IN, Category, built_in, json_schema, read_category

NAME = re.compile(r"[A-Za-z0-9_.:@+-]{1,58}/[1-9][0-9]{0,3}")
FIX = "GET /api/v1/categories/ shows each category with its attributes."
_frozen: dict[str, Category] = {}  # rows that were used never change, so a process may keep them


def known_categories(names: Iterable[str]) -> dict[str, Category]:
    """Those of these names that exist."""
    wanted = set(names)
    found = {name: category for name, category in (built_in() | _frozen).items() if name in wanted}
    for row in Row.objects.filter(name__in=wanted - set(found)):
        found[row.name] = read_category(row.name, row.schema)
        if row.used_at is not None:
            _frozen[row.name] = found[row.name]
    return found


def listed_categories() -> list[dict[str, Any]]:
    """All categories, the house's own first, each with its attributes."""
    own = [(row.name, row.schema) for row in Row.objects.order_by("name")]
    return [{"id": name, **schema} for name, schema in [*BUILT_IN.items(), *own]]


def stated_categories(names: Iterable[str]) -> dict[str, Any]:
    """The schemas of those that operators have written, as problem files state them; the house's own are known."""
    rows = Row.objects.filter(name__in={name for name in names if name not in BUILT_IN})
    return {row.name: row.schema for row in rows}


def use_categories(names: Iterable[str]) -> None:
    """Freeze these: something now depends on their wording; must run in the transaction that makes it so."""
    used = set(names)
    if used:
        Row.objects.filter(name__in=used, used_at=None).update(used_at=clock.now())


@transaction.atomic
def write_category(*, name: str, schema: Mapping[str, Any]) -> Row:
    """A new category, or other words for one that nothing has used; refused where it was used or does not hold."""
    check_category(name, schema)
    row, made = Row.objects.get_or_create(name=name, defaults={"schema": schema, "created_at": clock.now()})
    if not made and Row.objects.filter(pk=row.pk, used_at=None).update(schema=schema) != 1:
        raise category_frozen(name)
    row.schema = schema
    if not made:
        note(row)
    return row


def check_category(name: str, schema: Any) -> None:
    """Refuse a name that is taken by the house or has no version, and a schema that is none."""
    if name in BUILT_IN:
        raise category_frozen(name)
    if not NAME.fullmatch(name):
        detail = "A category's name ends in its version, such as concert-ticket/1."
        raise Refusal(422, "category_invalid", detail, "Add /1 to the name.", "/name")
    try:
        read_category(name, schema)
    except ProblemError as error:
        raise Refusal(422, error.code, error.detail, "Correct the schema.", f"/schema{error.pointer}") from None


def category_frozen(name: str) -> Refusal:
    """The refusal to change what others rely on."""
    fix = "Write a new version under a new name."
    return Refusal(409, "category_frozen", f"{name} is in use and never changes.", fix, "/name")


def forget_all() -> None:
    """Empty the memory (tests, whose databases come and go)."""
    _frozen.clear()


def refuse_unfit(lots: Iterable[Any]) -> None:
    """Every lot (of a market's configuration) that names a category has the attributes that it asks for, no others."""
    stated = list(lots)
    known = known_categories(lot.category for lot in stated if lot.category)
    for index, lot in enumerate(stated):
        if lot.category and lot.category not in known:
            detail = f"There is no category {lot.category!r}."
            raise Refusal(422, "unknown_category", detail, FIX, f"/lots/{index}/category")
        if lot.category:
            try:
                known[lot.category].read_lot(lot.attributes, f"/lots/{index}/attributes")
            except ProblemError as error:
                raise Refusal(422, error.code, error.detail, FIX, error.pointer) from None


def published_schema() -> dict[str, Any]:
    """The JSON Schema of a preference."""
    return json_schema()
