"""Readers: public file formats in, problem documents out."""

from mechanisms.readers.errors import UnreadableError
from mechanisms.readers.genius import parse_genius, read_genius
from mechanisms.readers.geniusweb import parse_geniusweb, read_geniusweb
from mechanisms.readers.omie import parse_omie, read_omie

__all__ = [
    "UnreadableError",
    "parse_genius",
    "parse_geniusweb",
    "parse_omie",
    "read_genius",
    "read_geniusweb",
    "read_omie",
]
