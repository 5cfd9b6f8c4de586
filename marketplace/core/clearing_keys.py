"""The clearing's key pair: who opens markets seals to the public one; clearing children alone read the secret.

`python -m marketplace.core.clearing_keys FILE` makes the pair in a process of its own, so that no other ever holds it.
"""

import contextlib
import os
import stat
import subprocess
import sys
from pathlib import Path

from marketplace.core.boxes import KeyPair, new_pair, pair_of
from marketplace.core.key_files import write_whole

ROOT = Path(__file__).resolve().parent.parent.parent


class CustodyError(Exception):
    """The clearing secret is not where it should be, or others could read it."""


def public_key(stated: str, file: Path) -> bytes:
    """The key that markets are sealed to: the one stated, or the one beside the secret's file, made where missing."""
    if stated:
        return bytes.fromhex(stated)
    beside = _public_file(file)
    if not beside.exists():
        command = [sys.executable, "-m", "marketplace.core.clearing_keys", str(file)]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module
    return bytes.fromhex(beside.read_text().strip())


def secret_pair(file: Path) -> KeyPair:
    """The whole pair, for a clearing child; raises CustodyError where there is none, or where it lies open."""
    stated = os.environ.get("WALRAS_CLEARING_SECRET")  # hex
    if stated:
        return pair_of(bytes.fromhex(stated))
    try:
        status = file.stat()
    except FileNotFoundError:
        raise CustodyError(f"there is neither WALRAS_CLEARING_SECRET nor the file {file.name}") from None
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CustodyError(f"others than its owner can read {file.name}: chmod 600 it")
    return pair_of(bytes.fromhex(file.read_text().strip()))


def make_pair(file: Path) -> bytes:
    """Write a fresh pair, the secret for its owner's eyes only; keep the pair that is there. The public key."""
    with contextlib.suppress(FileExistsError):
        write_whole(file, new_pair().secret.hex(), 0o600)
    pair = pair_of(bytes.fromhex(file.read_text().strip()))
    with contextlib.suppress(FileExistsError):
        write_whole(_public_file(file), pair.public.hex(), 0o644)
    return pair.public


def _public_file(file: Path) -> Path:
    return file.with_name(file.name + ".pub")


if __name__ == "__main__":
    sys.stdout.write(make_pair(Path(sys.argv[1])).hex() + "\n")
