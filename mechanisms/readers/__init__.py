"""Readers: public file formats in, problem documents out."""

from mechanisms.readers.errors import UnreadableError
from mechanisms.readers.omie import parse_omie, read_omie

__all__ = ["UnreadableError", "parse_omie", "read_omie"]
