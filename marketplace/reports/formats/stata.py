"""Tables as Stata's .dta, format 118: variable labels from the codebook, value labels for what has choices."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.reports.columns import Column, Table
from marketplace.reports.scopes import Scope
from marketplace.reports.sources import batches, schema

LABEL, NAME = 80, 32  # the most characters that Stata takes
YES_NO = {0: "no", 1: "yes"}


def write_dta(table: Table, scope: Scope, path: Path) -> int:
    """Stata reads a file whole, and so it is made whole; very long tables are refused."""
    held, rows = [], 0
    for batch in batches(table, scope):
        rows += batch.num_rows
        if rows > limits.STATA_ROWS:
            detail = f"A .dta file is made for at most {limits.STATA_ROWS:,} rows; {table.name} has more."
            raise Refusal(413, "too_many_rows", detail, "Take csv or parquet, or fewer markets.")
        held.append(batch)
    whole = pa.Table.from_batches(held, schema(table))
    frame = pd.DataFrame({c.name: _values(c, whole.column(c.name)) for c in table.columns})
    booleans = {column.name: YES_NO for column in table.columns if column.kind == "boolean"}
    frame.to_stata(
        path,
        version=118,
        write_index=False,
        convert_dates={column.name: "tc" for column in table.columns if column.kind == "instant"},
        variable_labels={column.name: label(column) for column in table.columns},
        value_labels=booleans,
        data_label=table.grain[:LABEL],
    )
    return rows


def label(column: Column) -> str:
    """The first words of a column's description, as many as Stata takes."""
    words = column.help
    return words if len(words) <= LABEL else words[: LABEL - 1].rsplit(" ", 1)[0] + "…"


def _values(column: Column, values: pa.ChunkedArray) -> pd.Series:
    """A column as Stata has it: numbers as doubles where long does not hold them, choices as labelled numbers."""
    if column.kind in ("integer", "number"):
        return _smallest(values)
    if column.kind == "boolean":
        return values.cast(pa.int8()).to_pandas()
    if column.kind == "instant":
        return values.cast(pa.timestamp("ms")).to_pandas().astype("datetime64[ns]")
    if column.choices and len(values):  # pandas cannot label what is empty
        return pd.Series(pd.Categorical(values.to_pylist(), categories=list(column.choices)))
    return pd.Series([value or "" for value in values.to_pylist()], dtype=object)


def _smallest(values: pa.ChunkedArray) -> pd.Series:
    """int32 where all fit and none is missing, doubles otherwise; doubles are exact to 2^53."""
    if pa.types.is_integer(values.type) and not values.null_count:
        numbers = values.to_pandas()
        if not len(numbers) or (abs(numbers) < 2**31 - 128).all():
            return numbers.astype("int32")
    return values.cast(pa.float64(), safe=False).to_pandas()
