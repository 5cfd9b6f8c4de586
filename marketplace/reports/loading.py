"""Reading an export with pandas: one frame a table, each column in its type. Needs no Django."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "datapackage.json"
TYPES = {"integer": "Int64", "number": "Float64", "boolean": "boolean", "string": "str"}


class Tables:
    """The tables of an export as attributes: `load("x.zip").bids` is a frame, read when it is asked for."""

    def __init__(self, path: str | Path) -> None:
        self._path = path
        with zipfile.ZipFile(path) as export:
            resources = json.loads(export.read(MANIFEST))["resources"]
        self._tables = {row["name"]: row for row in resources if "schema" in row}

    def __dir__(self) -> list[str]:
        """The tables' names."""
        return list(self._tables)

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A table by name."""
        if name.startswith("_") or name not in self._tables:
            raise AttributeError(f"the export has no table {name!r}; it has {', '.join(self._tables)}")
        frame = self._frame(self._tables[name])
        setattr(self, name, frame)
        return frame

    def _frame(self, row: dict[str, Any]) -> pd.DataFrame:
        with zipfile.ZipFile(self._path) as export:
            frame = _read(row["format"], io.BytesIO(export.read(row["path"])))
        return _typed(frame, {field["name"]: field["type"] for field in row["schema"]["fields"]})


def load(path: str | Path) -> Tables:
    """The tables of an export, whatever format they are in."""
    return Tables(path)


def _read(form: str, file: io.BytesIO) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - the server, which loads no export, starts without it

    if form == "csv":
        return pd.read_csv(file, dtype="str", keep_default_na=False, na_values=[""])
    if form == "jsonl":
        return pd.DataFrame([json.loads(line) for line in file])
    if form == "parquet":
        return pd.read_parquet(file)
    if form == "xlsx":
        return pd.read_excel(file, dtype=object)
    return pd.read_stata(file, convert_categoricals=True)


def _typed(frame: pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    """The same types from every format."""
    for name, kind in types.items():
        if name not in frame:  # JSON Lines without a row name no column
            frame[name] = None
        frame[name] = _column(frame[name], kind)
    return frame[list(types)]


def _column(values: pd.Series, kind: str) -> pd.Series:
    import pandas as pd  # noqa: PLC0415

    if kind == "datetime":
        return pd.to_datetime(values, utc=True, format="ISO8601" if values.dtype in ("object", "str") else None)
    if kind == "boolean":
        return values.map({"true": True, "false": False, "yes": True, "no": False, True: True, False: False}).astype(
            "boolean"
        )
    if kind in ("integer", "number"):
        return pd.to_numeric(values).astype(TYPES[kind])
    return values.astype("object").where(values.notna() & (values != ""), None).astype("str")
