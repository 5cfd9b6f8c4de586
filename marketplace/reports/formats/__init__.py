"""The formats of an export: each a suffix, a media type, and how a table becomes a file.

Their libraries are heavy and seldom needed, so each format's module is imported when a file is first written.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from marketplace.core.refusals import Refusal
from marketplace.reports.columns import Table
from marketplace.reports.scopes import Scope


@dataclass(frozen=True)
class Format:
    """A suffix, its media type, and the module and function that write it."""

    suffix: str
    media: str
    module: str
    function: str

    def write(self, table: Table, scope: Scope, path: Path) -> int:
        """Make the file; the number of its rows."""
        rows: int = getattr(import_module(f"{__package__}.{self.module}"), self.function)(table, scope, path)
        return rows


FORMATS = {
    made.suffix: made
    for made in (
        Format("csv", "text/csv", "lines", "write_csv"),
        Format("jsonl", "application/jsonl", "lines", "write_jsonl"),
        Format("parquet", "application/vnd.apache.parquet", "columnar", "write_parquet"),
        Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "sheets", "write_xlsx"),
        Format("dta", "application/x-stata-dta", "stata", "write_dta"),
    )
}


def format_named(name: str) -> Format:
    """The format of that suffix; refused where there is none."""
    if name not in FORMATS:
        detail = f"Reports come as {', '.join(FORMATS)}; there is no {name[:20]!r}."
        raise Refusal(406, "format_unknown", detail, "Name one of these, by suffix or by Accept.")
    return FORMATS[name]
