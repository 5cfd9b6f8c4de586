"""Public names of rows: random, so that they tell nothing of order or number."""

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
LENGTH = 20  # 100 bits


def new_ref(prefix: str) -> str:
    """A fresh public name such as `mkt_3x5k…`; 100 random bits, so it is never guessed or repeated."""
    return prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
