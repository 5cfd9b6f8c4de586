"""Bargaining: agreements with utilities for each party, and the points that solutions pick among them."""

from mechanisms.bargaining.front import pareto_front
from mechanisms.bargaining.points import closest_ratio_rows, leximin_rows, nash_rows, utilitarian_rows
from mechanisms.bargaining.table import Table
from mechanisms.bargaining.types import Bargain, Bargained

__all__ = [
    "Bargain",
    "Bargained",
    "Table",
    "closest_ratio_rows",
    "leximin_rows",
    "nash_rows",
    "pareto_front",
    "utilitarian_rows",
]
