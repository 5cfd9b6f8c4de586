"""Files that hold keys: written whole or not at all, by whichever process is first."""

import os
import secrets
from pathlib import Path


def write_whole(file: Path, text: str, mode: int) -> None:
    """The whole file at once; FileExistsError where it is there, for another process may be making it too."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
        out.write(text + "\n")
    try:
        os.link(draft, file)
    finally:
        draft.unlink()
