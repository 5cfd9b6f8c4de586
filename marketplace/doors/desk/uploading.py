"""Lots by CSV or Excel: a dry run that points to the bad row, then, at a click, the same rows for good."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from import_export.results import Result
from tablib import Dataset

from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.markets.lot_rows import COLUMNS, FREE, LotRows
from marketplace.markets.models import Market
from marketplace.markets.sheets import dataset_of, read_sheet, unreadable
from marketplace.preferences.categories import listed_categories

Cells = list[list[str | int | float | bool | None]]
VERBS = {"new": "is added", "update": "is changed", "skip": "stays as it is"}


@dataclass(frozen=True)
class Row:
    """One row of the sheet, by the number that it has there, and what becomes of it."""

    number: int
    name: str
    verb: str
    wrong: list[str]


def upload_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The form, the dry run, and the way on where nothing is wrong."""
    market = get_object_or_404(Market.objects.select_related("journal"), pk=pk)
    context: dict[str, Any] = {"title": f"Lots of {market.title}", "market": market}
    if request.method == "POST":
        try:
            dataset, sure = _sent(request), "rows" in request.POST
            rows = LotRows(market).import_data(dataset, dry_run=not sure, rollback_on_validation_errors=True)
        except Refusal as refusal:
            context["refused"] = f"{refusal.detail} {refusal.next}"
        else:
            bad = rows.has_errors() or rows.has_validation_errors()
            if sure and not bad:
                messages.success(request, f"{len(dataset)} rows taken over.")
                return HttpResponseRedirect(reverse("admin:desk-market", args=[pk]))
            context |= {
                "rows": [] if rows.base_errors else list(_rows(dataset, rows)),
                "bad": bad,
                "refused": _above(rows),
            }
            context["again"] = msgspec.json.encode([dataset.headers, *dataset]).decode()
    context |= {"columns": COLUMNS, "free": FREE, "categories": listed_categories(), "limits": limits}
    return TemplateResponse(request, "admin/desk/lots.html", {**admin.site.each_context(request), **context})


def _sent(request: HttpRequest) -> Dataset:
    """The rows that were looked at before, or those of a file."""
    if "rows" in request.POST:
        try:
            return dataset_of(msgspec.json.decode(request.POST["rows"], type=Cells))
        except msgspec.DecodeError as error:
            raise unreadable(str(error)) from error
    file = request.FILES.get("file")
    if file is None:
        raise unreadable("None was sent.")
    return read_sheet(file.read(limits.SHEET_BYTES + 1))


def _above(result: Result) -> str:
    """What is wrong with the sheet or the draft, not with a row."""
    return " ".join(_words(error.error) for error in result.base_errors)


def _rows(dataset: Dataset, result: Result) -> Iterator[Row]:
    wrong: dict[int, list[str]] = {}
    for row in result.invalid_rows:
        said = [f"{field}: {words}" for field, all_words in row.error_dict.items() for words in all_words]
        wrong.setdefault(row.number, []).extend(said)
    for row in result.error_rows:
        wrong.setdefault(row.number, []).extend(_words(error.error) for error in row.errors)
    names = dataset["name"] if "name" in dataset.headers else [""] * len(dataset)
    for place, (name, each) in enumerate(zip(names, result.rows, strict=True), start=1):
        yield Row(place + 1, str(name or ""), VERBS.get(each.import_type, ""), wrong.get(place, []))


def _words(error: Exception) -> str:
    return f"{error.detail} {error.next}" if isinstance(error, Refusal) else str(error)
