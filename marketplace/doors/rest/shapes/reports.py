"""Reports, exports, and markets cleared by another rule."""

from typing import Annotated, Any

from msgspec import Meta

from marketplace.doors.rest.shapes.common import Instant, Shape, one_of
from marketplace.doors.rest.shapes.results import File
from marketplace.reports.models import Export as Row


class ReportColumn(Shape, frozen=True, kw_only=True):
    """A column, and what it means."""

    name: str
    type: str
    description: str


class ReportTable(Shape, frozen=True, kw_only=True):
    """A table; `grain` says what one row is."""

    name: str
    grain: str
    columns: list[ReportColumn]


class ReportTables(Shape, frozen=True, kw_only=True):
    """The codebook."""

    tables: list[ReportTable]
    formats: list[str]


class Export(Shape, frozen=True, kw_only=True):
    """An export, how far it is, and its link once it is done."""

    id: str
    state: Annotated[str, one_of(Row.State.values)]
    progress: Annotated[int, Meta(ge=0, le=100, description="percent")]
    format: str
    market: Annotated[str | None, Meta(description="of this market alone, mkt_...")]
    since: Instant | None
    size: Annotated[int, Meta(description="bytes")]
    failure: str
    created_at: Instant
    expires_at: Instant | None
    link: Annotated[str | None, Meta(description="gives the file to whoever holds it")]
    link_seconds: Annotated[int | None, Meta(description="for how long the link is good")]


class ExportPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    exports: list[Export]
    next_cursor: str | None


class ClearedSide(Shape, frozen=True, kw_only=True):
    """What one rule makes of the bids."""

    mechanism: str
    params: dict[str, Any]
    status: str
    outcome: File
    measures: Annotated[dict[str, Any], Meta(description="welfare, revenue and others, by name")]


class Recleared(Shape, frozen=True, kw_only=True):
    """The outcome that stands, and what another rule makes of the same bids."""

    market: str
    warning: str
    original: ClearedSide
    recleared: ClearedSide
