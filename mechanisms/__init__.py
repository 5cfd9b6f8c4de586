"""Auctions, exchanges and bargaining as pure functions: frozen problem in, frozen outcome out."""

from __future__ import annotations

from mechanisms.charts import curves
from mechanisms.engine import run
from mechanisms.errors import ProblemError
from mechanisms.explaining import explain
from mechanisms.registry import get, specs
from mechanisms.types import Outcome, Problem

__all__ = ["Outcome", "Problem", "ProblemError", "curves", "explain", "get", "run", "specs"]
