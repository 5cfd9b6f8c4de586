"""A problem file's bids that hold a preference, as bids with atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mechanisms.bids import Lot
from mechanisms.errors import ProblemError
from mechanisms.fields import read_id, read_list, read_object
from mechanisms.preferences.attributes import Category
from mechanisms.preferences.categories import read_categories
from mechanisms.preferences.compiling import Compiled, compile_judged, refuse_currency
from mechanisms.preferences.judging import judge
from mechanisms.preferences.limits import MANY_ATOMS, MAX_ATOMS
from mechanisms.preferences.reading import read_preference
from mechanisms.preferences.tables import Table, tables_of
from mechanisms.registry import get, slugs


def stated_bids(
    data: Any, lots: Sequence[Lot], categories: Any, currency: str, exponent: int, mechanism: str
) -> list[Any]:
    """The bids as `read_bids` takes them; lots are checked against their categories. Raises ProblemError.

    Where a preference comes to more than 256 bundles it becomes a program; rules that take none list up to 4,096.
    """
    programs = mechanism in slugs() and "program" in get(mechanism).languages
    known = read_categories(categories)
    tables = tables_of(lots, known)
    return [
        _stated(bid, f"/bids/{n}", lots, known, tables, currency, exponent, programs)
        if isinstance(bid, Mapping) and "preference" in bid
        else bid
        for n, bid in enumerate(read_list(data, "/bids"))
    ]


def _stated(
    data: Any,
    pointer: str,
    lots: Sequence[Lot],
    known: Mapping[str, Category],
    tables: Mapping[str, Table],
    currency: str,
    exponent: int,
    programs: bool,
) -> dict[str, Any]:
    refuse_other_pieces(data, pointer)
    fields = read_object(data, pointer, ("agent", "preference"))
    agent = read_id(fields["agent"], f"{pointer}/agent")
    preference = read_preference(fields["preference"], known, f"{pointer}/preference")
    refuse_currency(preference, currency)
    if any(agent in (lot.seller, lot.buyer) for lot in lots):  # nobody wants what is its own
        tables = tables_of([lot for lot in lots if agent not in (lot.seller, lot.buyer)], known)
    most = MANY_ATOMS if programs else MAX_ATOMS
    judged = judge(preference, tables)
    return {"agent": agent} | stated(
        compile_judged(preference, judged, exponent=exponent, most=most, programs=programs)
    )


def refuse_other_pieces(data: Mapping[str, Any], pointer: str = "") -> None:
    """A bid has exactly one of atoms, steps and preference; the budget stands in the preference."""
    for name in ("atoms", "steps", "program", "budget"):
        if data.get(name) is not None:
            detail = "expected exactly one of atoms, steps and preference; a preference has its own budget"
            raise ProblemError("preference_and_pieces", detail, f"{pointer}/{name}")


def stated(compiled: Compiled) -> dict[str, Any]:
    """The compiled bid as JSON values."""
    if compiled.program is not None:
        pieces: dict[str, Any] = {"program": compiled.program.to_dict()}
    else:
        pieces = {"atoms": [{"bundle": dict(atom.bundle), "value": atom.value} for atom in compiled.atoms]}
    return pieces | ({} if compiled.budget is None else {"budget": compiled.budget})
