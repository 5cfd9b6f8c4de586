"""Public names of rows: random, so that they tell nothing of order or number."""

import os

PATTERN = "[0-9A-Za-z_]{1,64}"  # what a name in an address may look like
CHARACTERS = 24  # of 5 random bits each
_ALPHABET = b"abcdefghjkmnpqrstvwxyz0123456789"  # Crockford's: no i, l, o, u
_EACH_BYTE = _ALPHABET * 8  # 256 / 32, so each character is as likely as any other


def new_ref(prefix: str) -> str:
    """A fresh public name such as `mkt_3x5k…`; 120 random bits, so it is never guessed or repeated."""
    return f"{prefix}_{os.urandom(CHARACTERS).translate(_EACH_BYTE).decode()}"
