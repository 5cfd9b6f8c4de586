"""The formats of an export: each a suffix, a media type, and how a table becomes a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marketplace.core.refusals import Refusal
from marketplace.reports.columns import Table
from marketplace.reports.formats import columnar, lines, sheets, stata
from marketplace.reports.scopes import Scope


@dataclass(frozen=True)
class Format:
    """`write` makes the file and says how many rows it has."""

    suffix: str
    media: str
    write: Callable[[Table, Scope, Path], int]


FORMATS = {
    made.suffix: made
    for made in (
        Format("csv", "text/csv", lines.write_csv),
        Format("jsonl", "application/jsonl", lines.write_jsonl),
        Format("parquet", "application/vnd.apache.parquet", columnar.write_parquet),
        Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheets.write_xlsx),
        Format("dta", "application/x-stata-dta", stata.write_dta),
    )
}


def format_named(name: str) -> Format:
    """The format of that suffix; refused where there is none."""
    if name not in FORMATS:
        detail = f"Reports come as {', '.join(FORMATS)}; there is no {name[:20]!r}."
        raise Refusal(406, "format_unknown", detail, "Name one of these, by suffix or by Accept.")
    return FORMATS[name]
