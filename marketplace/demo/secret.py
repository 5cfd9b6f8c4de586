"""A secret for `make serve`, made once and kept in a file that only its owner can read."""

import os
import secrets

from marketplace.demo.place import ROOT

FILE = ROOT / ".walras-secret"


def kept_secret() -> str:
    """The secret of this checkout; keys, receipts and sessions hang on it."""
    if not FILE.exists():
        with os.fdopen(os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    return FILE.read_text().strip()


if __name__ == "__main__":
    print(kept_secret())
