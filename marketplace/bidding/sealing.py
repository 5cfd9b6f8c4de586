"""Sealing bids: short-lived keys, one for each market and process, which this process can use and nobody here can read.

An epoch's key is made at random, sealed to the market's public key, stored in the group that first uses it, and
forgotten after 60 seconds or 4,096 bids. Each bid is one padded box under it, with the nonce that its receipt hides
behind. To open a bid takes the epoch's key, hence the market's secret key, hence the clearing's.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from marketplace.core import boxes, limits
from marketplace.core.secrets import web_key
from marketplace.markets.terms import Terms

REF_BYTES = 16
NONCE_BYTES = 32
KEPT = 10_000  # markets whose epochs a process keeps


@dataclass(slots=True)
class Epoch:
    """A key in use: `sealed_key` is what is stored of it, `lock` what locks under it."""

    ref: bytes
    market_id: int
    sealed_key: bytes
    lock: Callable[[bytes], bytes]
    until: float
    left: int
    stored: bool = False  # its row is committed


class Sealer:
    """The epochs of one process."""

    def __init__(self) -> None:
        self._epochs: dict[str, Epoch] = {}

    def seal(self, terms: Terms, nonce: bytes, content: bytes) -> tuple[Epoch, bytes]:
        """The epoch, and what a bid's row holds: the epoch's name and the locked nonce and content."""
        epoch = self._current(terms)
        epoch.left -= 1
        return epoch, epoch.ref + epoch.lock(nonce + content)

    def _current(self, terms: Terms) -> Epoch:
        epoch = self._epochs.get(terms.ref)
        if epoch is None or not epoch.left or epoch.until < time.monotonic():
            if len(self._epochs) >= KEPT:
                self._epochs.clear()
            epoch = self._epochs[terms.ref] = _new_epoch(terms)
        return epoch


def _new_epoch(terms: Terms) -> Epoch:
    key = boxes.new_key()
    return Epoch(
        ref=secrets.token_bytes(REF_BYTES),
        market_id=terms.market_id,
        sealed_key=boxes.seal(terms.bid_key, key),
        lock=boxes.locker(key),
        until=time.monotonic() + limits.EPOCH_SECONDS,
        left=limits.EPOCH_BIDS,
    )


def nonce_of(key_hash: str) -> bytes:
    """The nonce of the bid that came under this key: the same for a repeat, known to web processes and the bidder."""
    return hmac.digest(web_key("nonce"), key_hash.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Opened:
    """A bid's content and nonce, out of its box."""

    nonce: bytes
    content: bytes


def epoch_of(row: bytes) -> bytes:
    """The name of the epoch that a bid's row was sealed in."""
    return row[:REF_BYTES]


def opened(key: bytes, row: bytes) -> Opened:
    """Open a bid's row with its epoch's key; for clearing children, which alone can have that. Raises BoxError."""
    text = boxes.unlock(key, row[REF_BYTES:])
    return Opened(text[:NONCE_BYTES], text[NONCE_BYTES:])


sealer = Sealer()
