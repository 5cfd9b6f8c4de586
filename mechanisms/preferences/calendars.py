"""A person's busy times, listed or as a calendar file; all that leaves here is whether an interval is clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mechanisms.errors import ProblemError
from mechanisms.fields import read_int, read_list, read_object
from mechanisms.preferences.instants import milliseconds, read_instant, read_interval
from mechanisms.preferences.limits import MAX_BUSY, MAX_CALENDAR, MAX_CALENDAR_DAYS

Column = NDArray[np.int64]
Span = tuple[int, int]
DAY = 86_400_000
MOST_EXPANDED = 100_000  # days since each recurring event began, together: so often a rule may be stepped
_FAST = re.compile(r"FREQ=(SECONDLY|MINUTELY|HOURLY)|BYSECOND|BYMINUTE|BYHOUR|INTERVAL=0*(\D|$)", re.IGNORECASE)


class Busy(Struct, frozen=True):
    """Busy from the first to before the second of each span (milliseconds), and as the calendar says."""

    pointer: str
    spans: tuple[Span, ...]
    calendar: Any
    zone: ZoneInfo
    margin: int

    def clear(self, starts: Column, ends: Column) -> NDArray[np.bool_]:
        """For each interval whether nothing busy touches it, the margin included."""
        if not len(starts):
            return np.ones(0, bool)
        low, high = int(starts.min()) - self.margin, int(ends.max()) + self.margin + 1
        merged = _merged([*self.spans, *self._events(low, high)])
        begins = np.array([span[0] for span in merged], np.int64) - self.margin
        finishes = np.array([span[1] for span in merged], np.int64) + self.margin
        finishes = np.maximum.accumulate(finishes) if len(finishes) else finishes
        # The last span that begins before the interval ends is the one that reaches furthest.
        place = np.searchsorted(begins, np.maximum(ends, starts + 1), side="left") - 1
        reach = np.where(place >= 0, finishes[np.maximum(place, 0)] if len(finishes) else 0, np.iinfo(np.int64).min)
        found: NDArray[np.bool_] = reach <= starts
        return found

    def _events(self, low: int, high: int) -> Iterator[Span]:
        if self.calendar is None:
            return
        days = (high - low) // DAY + 1
        begun = [self._moment(event.start) for event in self.calendar.walk("VEVENT") if "RRULE" in event]
        repeats = sum(max(0, high - moment) // DAY for moment in begun)
        if days > MAX_CALENDAR_DAYS or repeats > MOST_EXPANDED:
            detail = f"expected a calendar with less to repeat: {len(begun)} events, {days} days to look at"
            raise ProblemError("calendar_too_large", detail, f"{self.pointer}/ics")
        try:
            yield from self._occurrences(low, high)
        except Exception as error:  # the libraries raise many kinds, all of them about the text
            detail = f"expected events that can be expanded: {type(error).__name__}"
            raise ProblemError("not_a_calendar", detail, f"{self.pointer}/ics") from None

    def _occurrences(self, low: int, high: int) -> Iterator[Span]:
        import recurring_ical_events  # noqa: PLC0415 - only for who sends a calendar

        start, stop = (datetime.fromtimestamp(edge / 1000, UTC) for edge in (low - 2 * DAY, high + 2 * DAY))
        for event in recurring_ical_events.of(self.calendar).between(start, stop):
            if event.get("TRANSP") != "TRANSPARENT" and event.get("STATUS") != "CANCELLED":
                yield self._moment(event.start), self._moment(event.end)

    def _moment(self, at: date | datetime) -> int:
        """A day begins, and a time without zone stands, in the person's own zone."""
        whole = at if isinstance(at, datetime) else datetime.combine(at, time())
        return milliseconds(whole if whole.tzinfo else whole.replace(tzinfo=self.zone))


def _merged(spans: list[Span]) -> list[Span]:
    return sorted(span for span in spans if span[1] > span[0])


def read_busy(data: Any, pointer: str) -> Busy:
    """`{"busy": ["START/END", [start, end], ...], "ics": text, "zone": name, "margin_min": n}`."""
    fields = read_object(data, pointer, (), ("busy", "ics", "zone", "margin_min"))
    if not {"busy", "ics"} & set(fields):
        raise ProblemError("missing_field", "expected busy (a list of intervals) or ics (a calendar)", pointer)
    listed = read_list(fields.get("busy", []), f"{pointer}/busy")
    if len(listed) > MAX_BUSY:
        raise ProblemError("too_many_busy", f"expected at most {MAX_BUSY} intervals", f"{pointer}/busy")
    spans = [_span(item, f"{pointer}/busy/{n}") for n, item in enumerate(listed)]
    margin = read_int(fields.get("margin_min", 0), f"{pointer}/margin_min", 0, 7 * 1440)
    calendar = None if fields.get("ics") is None else _calendar(fields["ics"], f"{pointer}/ics")
    return Busy(pointer, tuple(spans), calendar, _zone(fields.get("zone", "UTC"), f"{pointer}/zone"), margin * 60_000)


def _span(data: Any, pointer: str) -> Span:
    if isinstance(data, list) and len(data) == 2:
        start, end = (read_instant(part, f"{pointer}/{n}") for n, part in enumerate(data))
        if end < start:
            raise ProblemError("interval_backwards", "expected an end that is not before the start", pointer)
        return milliseconds(start), milliseconds(end)
    start, end = read_interval(data, pointer)
    return milliseconds(start), milliseconds(end)


def _zone(data: Any, pointer: str) -> ZoneInfo:
    try:
        return ZoneInfo(data if isinstance(data, str) else "")
    except (KeyError, ValueError, OSError):
        raise ProblemError("unknown_zone", 'expected a time zone such as "Europe/Berlin"', pointer) from None


def _calendar(data: Any, pointer: str) -> Any:
    """The parsed calendar; what cannot be read, or repeats too fast, is refused."""
    import icalendar  # noqa: PLC0415 - only for who sends a calendar

    if not isinstance(data, str) or not 0 < len(data) <= MAX_CALENDAR:
        raise ProblemError("not_a_calendar", f"expected an .ics of at most {MAX_CALENDAR} characters", pointer)
    if _FAST.search(
        re.sub(r"\r?\n[ \t]", "", data)
    ):  # before it is parsed: zones have rules too, and are expanded then
        raise ProblemError("calendar_too_large", "expected events that repeat daily or slower", pointer)
    try:
        calendar = icalendar.Calendar.from_ical(data)
        events: list[Any] = calendar.walk("VEVENT")
        ends = [event.end - event.start for event in events]
    except Exception as error:  # the library raises many kinds, all of them about the text
        detail = f"expected the text of an .ics file: {type(error).__name__}"
        raise ProblemError("not_a_calendar", detail, pointer) from None
    if len(events) > MAX_BUSY or any(length < timedelta() for length in ends):
        raise ProblemError("not_a_calendar", f"expected at most {MAX_BUSY} events, none ending early", pointer)
    return calendar
