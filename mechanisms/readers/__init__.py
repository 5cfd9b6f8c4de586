"""Readers: public file formats in, problem documents out."""

from mechanisms.readers.cats import parse_cats, read_cats
from mechanisms.readers.errors import UnreadableError
from mechanisms.readers.genius import parse_genius, read_genius
from mechanisms.readers.geniusweb import parse_geniusweb, read_geniusweb
from mechanisms.readers.omie import parse_omie, read_omie
from mechanisms.readers.sandholm import parse_sandholm, read_sandholm

__all__ = [
    "UnreadableError",
    "parse_cats",
    "parse_genius",
    "parse_geniusweb",
    "parse_omie",
    "parse_sandholm",
    "read_cats",
    "read_genius",
    "read_geniusweb",
    "read_omie",
    "read_sandholm",
]
