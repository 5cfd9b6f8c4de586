"""Long exports: asked for, made in the background with progress, fetched by a signed link that expires."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import Q

from marketplace.core import clock, limits, tracing
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal, not_found
from marketplace.core.sweeps import Sweep, nudge
from marketplace.markets.models import Market
from marketplace.reports.exporting import write_export
from marketplace.reports.formats import FORMATS, format_named
from marketplace.reports.models import Export
from marketplace.reports.scopes import Scope

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)
PURPOSE = "walras.reports.link"
State = Export.State


def ask_export(
    *,
    asked_by: str,
    operator_id: int | None,
    form: str,
    since: datetime | None = None,
    market: Market | None = None,
) -> Export:
    """An export that a sweep will make; refused where the caller has too many under way."""
    format_named(form)
    waiting = Export.objects.filter(asked_by=asked_by, state__in=(State.WAITING, State.RUNNING)).count()
    if waiting >= limits.EXPORTS_WAITING:
        detail = f"{waiting} of your exports are not made yet; {limits.EXPORTS_WAITING} may wait."
        raise Refusal(409, "too_many_exports", detail, "Wait until one is done.")
    made = Export.objects.create(
        ref=new_ref("exp"),
        asked_by=asked_by,
        operator_id=operator_id,
        market=market,
        format=form,
        since=since,
        created_at=clock.now(),
    )
    nudge("reports.exports")
    return made


def find_export(ref: str, asked_by: str) -> Export:
    """An export of this caller."""
    found = Export.objects.select_related("market").filter(ref=ref, asked_by=asked_by).first()
    if found is None:
        raise not_found("export", ref)
    return found


def export_answer(export: Export) -> dict[str, Any]:
    """An export as doors show it; the link is fresh each time."""
    done = export.state == State.DONE
    return {
        "id": export.ref,
        "state": export.state,
        "progress": export.progress,
        "format": export.format,
        "market": export.market.ref if export.market else None,
        "since": clock.stamp(export.since),
        "size": export.size,
        "failure": export.failure,
        "created_at": clock.stamp(export.created_at),
        "expires_at": clock.stamp(export.expires_at),
        "link": link(export) if done else None,
        "link_seconds": limits.LINK_SECONDS if done else None,
    }


def link(export: Export) -> str:
    """An address that gives the file to whoever holds it, for a while."""
    return f"{settings.PUBLIC_URL}/downloads/{signing.dumps(export.ref, salt=PURPOSE)}/"


def linked_file(token: str) -> tuple[Export, Path]:
    """The export behind a link, and its file; refused where the link was not made here or is over."""
    try:
        ref = signing.loads(token, salt=PURPOSE, max_age=limits.LINK_SECONDS)
    except signing.BadSignature as error:
        detail = "The link is over, or was never one of ours."
        raise Refusal(400, "link_over", detail, "GET reports/exports/ for a fresh one.") from error
    export = Export.objects.filter(ref=ref, state=State.DONE).first()
    if export is None or not file_of(export).exists():
        raise Refusal(410, "export_gone", "The export's file was deleted.", "Ask for the export again.")
    return export, file_of(export)


def file_of(export: Export) -> Path:
    """Where its file stands; every process that makes or serves exports sees this folder."""
    return Path(settings.REPORTS_DIR) / f"{export.ref}.zip"


def make_due() -> int:
    """Make the oldest export that waits, or whose worker has died; 0 where there is none."""
    now, claim = clock.now(), secrets.token_hex(16)
    silent = Q(state=State.RUNNING, claimed_at__lt=now - LEASE)
    for export in Export.objects.filter(Q(state=State.WAITING) | silent).order_by("created_at")[: limits.SWEEP_BATCH]:
        held = Export.objects.filter(pk=export.pk, state=export.state, claim=export.claim)
        if held.update(state=State.RUNNING, claim=claim, claimed_at=now) == 1:
            with tracing.caused_by(export.caused_by):
                _make(export, claim)
            return 1
    return 0


def _make(export: Export, claim: str) -> None:
    ours = Export.objects.filter(pk=export.pk, claim=claim)
    path = file_of(export)
    part = path.with_suffix(f".{claim}")

    def seen(words: str, share: float) -> None:
        ours.update(progress=int(100 * share), claimed_at=clock.now())

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ref = export.market.ref if export.market else None
        write_export(Scope(export.since, ref, export.operator_id), FORMATS[export.format], part, seen)
        part.rename(path)
    except Exception as error:
        log.exception("export %s failed", export.ref)
        part.unlink(missing_ok=True)
        words = error.detail if isinstance(error, Refusal) else type(error).__name__
        ours.update(state=State.FAILED, failure=words[:200])
        return
    ends = clock.now() + timedelta(seconds=limits.EXPORT_SECONDS)
    ours.update(state=State.DONE, progress=100, size=path.stat().st_size, expires_at=ends)


def delete_due() -> int:
    """Delete the files of exports that are over; how many."""
    over = list(Export.objects.filter(state=State.DONE, expires_at__lte=clock.now())[: limits.SWEEP_BATCH])
    for export in over:
        if Export.objects.filter(pk=export.pk, state=State.DONE).update(state=State.GONE) == 1:
            file_of(export).unlink(missing_ok=True)
    return len(over)


SWEEPS = (
    Sweep("reports.exports", make_due, every=1, lane="reports"),
    Sweep("reports.deletions", delete_due, every=60, lane="reports"),
)
