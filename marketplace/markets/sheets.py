"""Files of lots, CSV or Excel, as rows of plain values."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from tablib import Dataset

from marketplace.core import limits
from marketplace.core.refusals import Refusal

COLUMNS = 64
UNPACKED = 32 * limits.SHEET_BYTES
ZIP = b"PK\x03\x04"


def read_sheet(file: bytes) -> Dataset:
    """The first sheet of a workbook, or a CSV by comma, semicolon or tab; refused where it is neither, or too large."""
    if len(file) > limits.SHEET_BYTES:
        raise unreadable(f"It has more than {limits.SHEET_BYTES // 1024:,} KiB.")
    try:
        return dataset_of(_workbook(file) if file.startswith(ZIP) else _text(file))
    except (UnicodeDecodeError, csv.Error, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise unreadable(str(error)) from error


def dataset_of(rows: Iterable[Iterable[Any]]) -> Dataset:
    """Rows, the first of which names the columns; empty rows and columns without a name are left out."""
    headers, *lines = [[_plain(cell) for cell in row] for row in rows] or [[]]
    named = [(place, str(name).strip()) for place, name in enumerate(headers) if name not in (None, "")]
    kept = [[line[place] if place < len(line) else None for place, _ in named] for line in lines]
    kept = [line for line in kept if any(cell not in (None, "") for cell in line)]
    if not 1 <= len(kept) <= limits.LOTS_PER_MARKET:
        raise unreadable(f"It has {len(kept)} rows beneath its first; 1 to {limits.LOTS_PER_MARKET} are taken.")
    names = [name for _, name in named]
    if len(set(names)) < len(names):
        raise unreadable("Two of its columns have the same name.")
    return Dataset(*kept, headers=names)


def _workbook(file: bytes) -> list[tuple[Any, ...]]:
    with zipfile.ZipFile(io.BytesIO(file)) as packed:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED:
            raise unreadable("Unpacked it would be too large.")
    book = openpyxl.load_workbook(io.BytesIO(file), read_only=True, data_only=True)
    return list(book.worksheets[0].iter_rows(max_row=limits.LOTS_PER_MARKET + 2, max_col=COLUMNS, values_only=True))


def _text(file: bytes) -> Iterator[list[str]]:
    text = file.decode("utf-8-sig")
    first = text.partition("\n")[0]
    return csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return cell.strip() if isinstance(cell, str) else cell


def unreadable(why: str) -> Refusal:
    """The refusal of a file that is no sheet, and what would be one."""
    fix = "Send a CSV in UTF-8 or an Excel workbook (.xlsx), whose first row names the columns."
    return Refusal(422, "sheet_unreadable", f"The file of lots cannot be read. {why}", fix, "/file")
