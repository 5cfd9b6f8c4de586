"""The export: all tables in one format, codebook, packages to replay, and a manifest by which each file is checked."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from marketplace.clearing.packages import has_package, package_of
from marketplace.core import clock
from marketplace.markets.models import Market, Round
from marketplace.reports import codebook
from marketplace.reports.columns import Column, Table
from marketplace.reports.formats import Format
from marketplace.reports.models import Imported
from marketplace.reports.scopes import Scope
from marketplace.reports.summary import SUMMARY, summary_csv
from marketplace.reports.tables import TABLES
from marketplace.reports.tabulating import tabulate_due
from mechanisms.check.replaying import LINES, MANIFEST, RECORD, REPLAY, file_hash, replay_document
from mechanisms.strict_json import parse

Seen = Callable[[str, float], None]  # what is being done, and how much of the whole is done (0 to 1)
FIELD_TYPES = {"text": "string", "json": "string", "party": "string", "instant": "datetime"}
STORED = ("parquet", "xlsx")  # compressed by themselves
_json = msgspec.json.Encoder(decimal_format="number")


def write_export(scope: Scope, made: Format, path: Path, seen: Seen = lambda words, share: None) -> dict[str, int]:
    """Write the zip; rows by table. The path is written anew, and holds nothing if this raises half-way."""
    tabulate_due(scope, lambda done, of: seen(f"outcome {done} of {of}", 0.6 * done / of))
    counts: dict[str, int] = {}
    resources: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as export:
        for place, table in enumerate(TABLES.values()):
            seen(table.name, 0.6 + 0.3 * place / len(TABLES))
            file = Path(folder) / f"{table.name}.{made.suffix}"
            counts[table.name] = made.write(table, scope, file)
            kind = zipfile.ZIP_STORED if made.suffix in STORED else zipfile.ZIP_DEFLATED
            export.write(file, f"tables/{file.name}", kind)
            resources.append(_tabular(table, f"tables/{file.name}", made.suffix, made.media))
            file.unlink()
        export.writestr("tables/summary.csv", summary_csv(scope))
        resources.append(_tabular(SUMMARY, "tables/summary.csv", "csv", "text/csv"))
        seen("packages", 0.9)
        resources += _texts(export, scope)
        export.writestr(MANIFEST, json.dumps(_manifest(export, scope, resources), indent=1))
    seen("done", 1)
    return counts


def _texts(export: zipfile.ZipFile, scope: Scope) -> Iterator[dict[str, Any]]:
    export.writestr("codebook.md", codebook.as_markdown())
    yield {"name": "codebook", "path": "codebook.md", "format": "md", "mediatype": "text/markdown"}
    export.writestr("codebook.csv", codebook.as_csv())
    yield {"name": "codebook-table", "path": "codebook.csv", "format": "csv", "mediatype": "text/csv"}
    with export.open(LINES, "w") as file:
        for line in package_lines(scope):
            file.write(line + b"\n")
    yield {"name": "packages", "path": LINES, "format": "jsonl", "mediatype": "application/jsonl"}


def package_lines(scope: Scope) -> Iterator[bytes]:
    """Of each market whose bids are shown and that has an outcome, what replays it."""
    cleared = Round.objects.filter(state=Round.State.CLEARED).values("market")
    for market in scope.disclosing("public").filter(pk__in=cleared).order_by("pk").iterator(200):
        yield _json.encode(_package(market))


def _package(market: Market) -> dict[str, Any]:
    imported = Imported.objects.filter(market=market).first()
    if imported is None and has_package(market.mechanism):
        return package_of(market)
    round_ = market.rounds.get(state=Round.State.CLEARED)
    form = RECORD if imported is not None and imported.recorded else REPLAY
    return replay_document(parse(round_.problem), parse(round_.outcome), market.ref, form)


def _tabular(table: Table, path: str, suffix: str, media: str) -> dict[str, Any]:
    """A table as a resource of a data package."""
    fields = [_field(column) for column in table.columns]
    head = {"name": table.name, "path": path, "format": suffix, "mediatype": media, "description": table.grain}
    schema = {"fields": fields, "missingValues": [""]}
    encoding = {"encoding": "utf-8"} if suffix in ("csv", "jsonl") else {}
    profile = {"profile": "tabular-data-resource"} if suffix == "csv" else {}
    return {**head, **encoding, **profile, "schema": schema}


def _field(column: Column) -> dict[str, Any]:
    field = {"name": column.name, "type": FIELD_TYPES.get(column.kind, column.kind), "description": column.help}
    if column.kind == "instant":
        field["format"] = "any"
    return {**field, "constraints": {"enum": list(column.choices)}} if column.choices else field


def _manifest(export: zipfile.ZipFile, scope: Scope, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A data package as frictionless standards have it; hashes are what a replay holds the files against."""
    hashed = [
        {**row, "bytes": export.getinfo(row["path"]).file_size, "hash": file_hash(export, row["path"])}
        for row in resources
    ]
    return {
        "name": "walras-export",
        "title": "Outcomes of markets",
        "created": clock.stamp(clock.now()),
        "scope": scope.told(),
        "resources": hashed,
    }
