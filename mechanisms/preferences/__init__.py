"""Preferences: what a person wants, stated once in JSON, judged on any market's lots and compiled to a bid."""

from __future__ import annotations

from mechanisms.preferences.attributes import Category, read_category
from mechanisms.preferences.categories import BUILT_IN, built_in, read_categories
from mechanisms.preferences.compiling import Compiled, compile_judged, compile_preference
from mechanisms.preferences.judging import judge
from mechanisms.preferences.previewing import Preview, preview
from mechanisms.preferences.reading import Preference, read_preference
from mechanisms.preferences.schema import json_schema
from mechanisms.preferences.tables import Table, tables_of

__all__ = [
    "BUILT_IN",
    "Category",
    "Compiled",
    "Preference",
    "Preview",
    "Table",
    "built_in",
    "compile_judged",
    "compile_preference",
    "json_schema",
    "judge",
    "preview",
    "read_categories",
    "read_category",
    "read_preference",
    "tables_of",
]
