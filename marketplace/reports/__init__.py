"""Outcome reports for economists. `load` reads an export with pandas, and needs no Django for it."""

from marketplace.reports.loading import Tables, load

__all__ = ["Tables", "load"]
