"""Reports: tables streamed in any format, exports made in the background, the market cleared by another rule."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.answer import refused
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller, operator
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.reports import Export as ExportAnswer
from marketplace.doors.rest.shapes.reports import ExportPage, Recleared, ReportTables
from marketplace.doors.rest.strict import once, response, shaped
from marketplace.doors.streaming import streamed
from marketplace.markets.terms import find_market
from marketplace.reports.formats import FORMATS, Format, format_named
from marketplace.reports.formats.lines import jsonl_blocks
from marketplace.reports.jobs import ask_export, export_answer, find_export, linked_file
from marketplace.reports.models import Export
from marketplace.reports.reclearing import reclear
from marketplace.reports.scopes import Scope
from marketplace.reports.sources import csv_blocks
from marketplace.reports.tables import TABLES
from marketplace.reports.tabulating import tabulate_due

BLOCK = 256 * 1024
SINCE = OpenApiParameter("since", OpenApiTypes.DATETIME, description="markets that closed then or later")
MARKET = OpenApiParameter("market", str, description="this market alone, mkt_...")
TABLE = OpenApiParameter("table", str, OpenApiParameter.PATH, enum=list(TABLES))
SUFFIX = OpenApiParameter("suffix", str, OpenApiParameter.PATH, enum=list(FORMATS))
FILES: dict[Any, Any] = {(200, made.media): OpenApiTypes.BINARY for made in FORMATS.values()}


class ExportRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What an export is asked for with."""

    format: str = "csv"
    since: datetime | None = None
    market: str | None = None


class RuleRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The rule to clear by, and its parameters."""

    rule: str
    params: dict[str, Any] = {}


class AnyMedia(BaseContentNegotiation):
    """The view itself reads `Accept`: what it answers with is no rendering of a value."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The first."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        """The first, whatever is accepted; refusals are JSON."""
        return renderers[0], renderers[0].media_type


class ReportsView(APIView):
    """What there is."""

    @extend_schema(
        operation_id="reports",
        summary="The tables of reports, their columns and what these mean (operators)",
        responses=answered(ReportTables),
    )
    def get(self, request: Request) -> Response:
        """The codebook as JSON."""
        operator(request)
        tables = [
            {
                "name": table.name,
                "grain": table.grain,
                "columns": [{"name": c.name, "type": c.kind, "description": c.help} for c in table.columns],
            }
            for table in TABLES.values()
        ]
        return Response({"tables": tables, "formats": list(FORMATS)})


class TableFileView(APIView):
    """One table, by suffix."""

    content_negotiation_class = AnyMedia

    @extend_schema(
        operation_id="report_file",
        summary="A table of my closed markets, in full",
        parameters=[TABLE, SUFFIX, SINCE, MARKET],
        responses=FILES,
    )
    def get(self, request: Request, table: str, suffix: str) -> HttpResponseBase:
        """Streamed as it leaves the database."""
        return _table(operator(request), request, table, suffix)


class TableView(APIView):
    """One table, by `Accept`."""

    content_negotiation_class = AnyMedia

    @extend_schema(
        operation_id="report_table",
        summary="The same, its format by Accept",
        parameters=[TABLE, SINCE, MARKET],
        responses=FILES,
    )
    def get(self, request: Request, table: str) -> HttpResponseBase:
        """CSV where anything is accepted."""
        identity = operator(request)
        accepted = [part.split(";")[0].strip() for part in request.headers.get("Accept", "*/*").split(",")]
        suffixes = {made.media: suffix for suffix, made in FORMATS.items()} | {"*/*": "csv", "text/*": "csv"}
        known = [suffixes[media] for media in accepted if media in suffixes]
        return _table(identity, request, table, known[0] if known else accepted[0])


def _table(identity: Identity, request: Request, name: str, suffix: str) -> HttpResponseBase:
    made = format_named(suffix)
    if name not in TABLES:
        raise not_found("table", name)
    scope = Scope(_since(request), request.query_params.get("market"), identity.agent_id)
    media = made.media + ("; charset=utf-8" if made.media.startswith("text/") else "")
    return streamed(request._request, _blocks(name, made, scope), media, f"{name}.{made.suffix}")


def _blocks(name: str, made: Format, scope: Scope) -> Iterator[bytes]:
    """Lines as they come; files that are made whole are made first."""
    tabulate_due(scope)
    table = TABLES[name]
    if made.suffix == "csv":
        yield from csv_blocks(table, scope)
    elif made.suffix == "jsonl":
        yield from jsonl_blocks(table, scope)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.{made.suffix}"
            made.write(table, scope, path)
            yield from _read(path)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("since")
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        detail = "since is an instant such as 2026-01-31T12:00:00Z."
        raise Refusal(400, "out_of_range", detail, "Write it so, with its offset.") from error
    if found.tzinfo is None:
        raise Refusal(400, "instant_without_zone", "since needs an offset from UTC.", "Write 2026-01-31T12:00:00Z.")
    return found


class ExportsView(APIView):
    """Exports in the background."""

    @extend_schema(operation_id="exports", summary="My exports", parameters=PARAMETERS, responses=answered(ExportPage))
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Export.objects.select_related("market").filter(asked_by=operator(request).agent_ref)
        return Response(listed("exports", newest_first(rows, paging(request.query_params.dict())), export_answer))

    @extend_schema(
        operation_id="export_ask",
        summary="Ask for all tables, codebook and packages of my markets as one zip",
        request=body(ExportRequest, {"format": "parquet", "since": "2026-01-01T00:00:00Z"}),
        responses=answered(ExportAnswer, 202),
    )
    def post(self, request: Request) -> Response:
        """Made in the background; GET the export for progress and link."""
        identity, asked = operator(request), shaped(request, ExportRequest)

        def act() -> tuple[int, dict[str, Any]]:
            if asked.since is not None and asked.since.tzinfo is None:
                raise Refusal(400, "instant_without_zone", "since needs an offset from UTC.", "Write ...Z.", "/since")
            made = ask_export(
                asked_by=identity.agent_ref,
                operator_id=identity.agent_id,
                form=asked.format,
                since=asked.since,
                market=find_market(asked.market) if asked.market else None,
            )
            return 202, export_answer(made)

        return once(request, act)


class ExportView(APIView):
    """One export."""

    @extend_schema(
        operation_id="export",
        summary="How far an export is, and its link once it is done",
        responses=answered(ExportAnswer),
    )
    def get(self, request: Request, export_ref: str) -> Response:
        """The link is fresh each time and lasts an hour."""
        return Response(export_answer(find_export(export_ref, operator(request).agent_ref)))


class ReclearingsView(APIView):
    """The market by another rule."""

    @extend_schema(
        operation_id="market_reclear",
        summary="Clear the same bids by another rule, beside the outcome that stands; nothing is stored or paid",
        request=body(RuleRequest, {"rule": "core_selecting", "params": {}}),
        responses=answered(Recleared),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """For its operator; for everybody where the market is public."""
        identity, market, asked = caller(request), find_market(market_ref), shaped(request, RuleRequest)
        return once(request, lambda: (200, reclear(market, asked.rule, asked.params, identity)))


def download(request: HttpRequest, token: str) -> HttpResponseBase:
    """An export's file, for whoever holds a link that is not over."""
    try:
        export, path = linked_file(token)
    except Refusal as refusal:
        reply = response(refused(refusal))
        return HttpResponse(reply.data, status=reply.status_code, content_type=reply.content_type)
    return streamed(request, _read(path), "application/zip", f"{export.ref}.zip")
