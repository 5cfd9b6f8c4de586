"""The tie rule: a priority that depends on the seed and the id alone, never on a bid or on arrival."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable


def priority(seed: str, name: str) -> bytes:
    """SHA-256 of seed bytes, 0x00, NFC UTF-8 id; the lower goes first."""
    return hashlib.sha256(bytes.fromhex(seed) + b"\x00" + unicodedata.normalize("NFC", name).encode()).digest()


def by_priority(seed: str, names: Iterable[str]) -> list[str]:
    """The ids, first the one that a tie favours."""
    return sorted(names, key=lambda name: priority(seed, name))
