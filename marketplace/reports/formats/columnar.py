"""Tables as Parquet, each column in its type, with its words."""

from pathlib import Path

from pyarrow import parquet

from marketplace.reports.columns import Table
from marketplace.reports.scopes import Scope
from marketplace.reports.sources import batches, schema


def write_parquet(table: Table, scope: Scope, path: Path) -> int:
    """One row group a batch, so that memory holds no more than one."""
    rows = 0
    with parquet.ParquetWriter(path, schema(table), compression="snappy") as writer:
        for batch in batches(table, scope):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
