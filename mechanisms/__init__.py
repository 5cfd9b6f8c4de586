"""Auctions, exchanges and bargaining as pure functions: frozen problem in, frozen outcome out."""

from __future__ import annotations

from mechanisms.arrays import run_arrays
from mechanisms.bulk import read_columns
from mechanisms.charts import curves
from mechanisms.columns import Columns
from mechanisms.engine import run
from mechanisms.errors import ProblemError
from mechanisms.explaining import explain
from mechanisms.kinds import read_outcome, read_problem
from mechanisms.registry import get, specs
from mechanisms.turns import State, advance, start
from mechanisms.types import Outcome, Problem

__all__ = [
    "Columns",
    "Outcome",
    "Problem",
    "ProblemError",
    "State",
    "advance",
    "curves",
    "explain",
    "get",
    "read_columns",
    "read_outcome",
    "read_problem",
    "run",
    "run_arrays",
    "specs",
    "start",
]
