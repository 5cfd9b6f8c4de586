"""Public names of rows: random, so that they tell nothing of order or number."""

import base64
import secrets

PATTERN = "[0-9A-Za-z_]{1,64}"  # what a name in an address may look like
BYTES = 15  # 120 bits, 24 characters
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"abcdefghjkmnpqrstvwxyz0123456789")  # no i, l, o, u


def new_ref(prefix: str) -> str:
    """A fresh public name such as `mkt_3x5k…`; 120 random bits, so it is never guessed or repeated."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(BYTES)).translate(_CROCKFORD).decode()}"
