"""Pages of lists: a cursor is the name of the last row shown, so it tells nobody how many rows there are."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet

from marketplace.core import limits
from marketplace.core.refusals import Refusal

PAGING = ("cursor", "limit")
FORMAT = "format"  # of the browsable page


class Paging(NamedTuple):
    """Which page is wanted."""

    cursor: str | None
    limit: int


def paging(query: Mapping[str, str], others: tuple[str, ...] = ()) -> Paging:
    """The page that a query asks for; any parameter that the list does not have is refused."""
    for name in query:
        if name not in (*PAGING, *others, FORMAT):
            known = ", ".join((*others, *PAGING))
            raise Refusal(400, "unknown_filter", f"There is no filter {name[:64]!r}.", f"Use {known}.")
    text = query.get("limit", str(limits.PAGE_ROWS))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= limits.PAGE_ROWS):
        words = f"limit is a whole number from 1 to {limits.PAGE_ROWS}."
        raise Refusal(400, "out_of_range", words, "Leave it out for the largest page.")
    return Paging(query.get("cursor"), int(text))


def newest_first(rows: QuerySet[Any], wanted: Paging) -> tuple[list[Any], str | None]:
    """A page of the caller's own rows, and the cursor of the next one; None where this is the last."""
    if wanted.cursor is not None:
        last = rows.filter(ref=wanted.cursor).values_list("pk", flat=True).first()
        if last is None:
            raise cursor_unknown(wanted.cursor)
        rows = rows.filter(pk__lt=last)
    return cut(list(rows.order_by("-pk")[: wanted.limit + 1]), wanted)


def cut(found: list[Any], wanted: Paging) -> tuple[list[Any], str | None]:
    """The page out of one row more than it holds."""
    page: list[Any] = found[: wanted.limit]
    return page, page[-1].ref if len(found) > wanted.limit else None


def listed(name: str, page: tuple[list[Any], str | None], shown: Callable[[Any], Any]) -> dict[str, Any]:
    """A list's answer: the rows, and where the next page begins."""
    rows, cursor = page
    return {name: [shown(row) for row in rows], "next_cursor": cursor}


def cursor_unknown(cursor: str) -> Refusal:
    """The refusal of a cursor that no page of this list gave."""
    words = f"No page of this list ended with {cursor[:64]!r}."
    return Refusal(400, "cursor_unknown", words, "Send the next_cursor of a page, or none for the first.")
