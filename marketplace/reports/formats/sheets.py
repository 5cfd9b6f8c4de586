"""Tables as XLSX: text is written as text, so that nothing in it is a formula or a link."""

from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.reports.columns import Table
from marketplace.reports.scopes import Scope
from marketplace.reports.sources import batches

OPTIONS = {"constant_memory": True, "remove_timezone": True, "default_date_format": "yyyy-mm-dd hh:mm:ss.000"}
CUT = " … cut"  # a cell holds 32,767 characters


def write_xlsx(table: Table, scope: Scope, path: Path) -> int:
    """One sheet, a header, the rows."""
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        sheet = book.add_worksheet(table.name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.name)
        rows = 0
        for batch in batches(table, scope):
            if rows + batch.num_rows > limits.XLSX_ROWS:
                detail = f"A sheet holds {limits.XLSX_ROWS:,} rows; {table.name} has more."
                raise Refusal(413, "too_many_rows", detail, "Take csv or parquet, or fewer markets.")
            for row in batch.to_pylist():
                rows += 1
                for place, value in enumerate(row.values()):
                    _write(sheet, rows, place, value)
    return rows


def _write(sheet: Worksheet, row: int, place: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value)
    elif isinstance(value, str):
        longest = limits.XLSX_CHARACTERS
        sheet.write_string(row, place, value if len(value) <= longest else value[: longest - len(CUT)] + CUT)
    else:
        sheet.write_datetime(row, place, value)
