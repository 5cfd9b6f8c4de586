"""Instants, local times, days and intervals as whole numbers: milliseconds, seconds, ordinals."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mechanisms.errors import ProblemError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})")


def read_instant(data: Any, pointer: str) -> datetime:
    """An RFC 3339 instant with its offset, whole milliseconds."""
    if isinstance(data, str) and _INSTANT.fullmatch(data):
        try:
            moment = datetime.fromisoformat(data)
            moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            return moment
    raise ProblemError("not_an_instant", 'expected an instant with its offset: "2026-12-01T08:30:00+01:00"', pointer)


def read_time(data: Any, pointer: str) -> int:
    """A local time of day as seconds after midnight."""
    found = _TIME.fullmatch(data) if isinstance(data, str) else None
    if found is None:
        raise ProblemError("not_a_time", 'expected a local time of day: "08:30" or "08:30:15"', pointer)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def read_date(data: Any, pointer: str) -> int:
    """A day as its ordinal."""
    if isinstance(data, str) and _DATE.fullmatch(data):
        try:
            return date.fromisoformat(data).toordinal()
        except ValueError:
            pass
    raise ProblemError("not_a_date", 'expected a day: "2026-12-01"', pointer)


def read_interval(data: Any, pointer: str) -> tuple[datetime, datetime]:
    """`start/end`, two instants; the end is not before the start."""
    parts = data.split("/") if isinstance(data, str) else []
    if len(parts) != 2:
        raise ProblemError("not_an_interval", 'expected two instants with a slash between: "START/END"', pointer)
    start, end = read_instant(parts[0], pointer), read_instant(parts[1], pointer)
    if end < start:
        raise ProblemError("interval_backwards", "expected an end that is not before the start", pointer)
    return start, end


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC."""
    return (moment - _EPOCH) // _MS


def parts_of(moment: datetime, name: str) -> dict[str, int]:
    """An instant as columns: itself, and the local day and time that its offset says."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = (moment.replace(tzinfo=None) - midnight.replace(tzinfo=None)).seconds
    return {name: milliseconds(moment), f"{name}.date": moment.toordinal(), f"{name}.time": seconds}


def written(kind: str, value: int) -> str:
    """A number of one of these kinds as people read it."""
    if kind == "time":
        return f"{value // 3600:02d}:{value % 3600 // 60:02d}" + (f":{value % 60:02d}" if value % 60 else "")
    if kind == "date":
        return date.fromordinal(value).isoformat()
    return (_EPOCH + value * _MS).isoformat(timespec="minutes").replace("+00:00", "Z")
