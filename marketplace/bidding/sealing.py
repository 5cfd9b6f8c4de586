"""Sealing bids: short-lived keys of one process, which seal for every market and which nobody here can open again.

An epoch is a key pair made at random and forgotten after a minute. With its secret half and a market's public key this
process agrees on a key for that market's bids. Each bid is one padded box under it, with the nonce that its receipt
hides behind; the epoch's public half stands before the box. To open a bid takes that half and the market's secret key,
hence the clearing's.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable

from marketplace.core import boxes, limits
from marketplace.core.secrets import web_key
from marketplace.markets.terms import Terms

NONCE_BYTES = 32


class Epoch:
    """A key pair in use, and what locks each market's bids under it."""

    def __init__(self) -> None:
        pair = boxes.new_pair()
        self.public, self._secret = pair.public, pair.secret
        self._locks: dict[str, Callable[[bytes], bytes]] = {}

    def seal(self, terms: Terms, text: bytes) -> bytes:
        """What a bid's row holds: the epoch's public half, then the box."""
        lock = self._locks.get(terms.ref)
        if lock is None:
            lock = self._locks[terms.ref] = boxes.locker(boxes.agreed(self._secret, terms.bid_key))
        return self.public + lock(text)

    @property
    def full(self) -> bool:
        """Whether it has sealed for as many markets as one may."""
        return len(self._locks) >= limits.EPOCH_MARKETS


class Sealer:
    """The epochs of one process."""

    def __init__(self) -> None:
        self._epoch: Epoch | None = None

    def seal(self, terms: Terms, nonce: bytes, content: bytes) -> bytes:
        """A bid's row."""
        epoch = self._epoch
        if epoch is None or epoch.full:
            epoch = self._epoch = Epoch()
            self._forget_later(epoch)
        return epoch.seal(terms, nonce + content)

    def _forget_later(self, epoch: Epoch) -> None:
        """Also where no further bid comes."""
        timer = threading.Timer(limits.EPOCH_SECONDS, self._forget, (epoch,))
        timer.daemon = True
        timer.start()

    def _forget(self, epoch: Epoch) -> None:
        if self._epoch is epoch:
            self._epoch = None


def nonce_of(key_hash: str) -> bytes:
    """The nonce of the bid that came under this key: the same for a repeat, known to web processes and the bidder."""
    return hmac.digest(web_key("nonce"), key_hash.encode(), hashlib.sha256)


class Opener:
    """Opens a market's bids with its secret key; for clearing children, which alone can have that."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._keys: dict[bytes, bytes] = {}  # by epoch

    def opened(self, row: bytes) -> tuple[bytes, bytes]:
        """A bid's nonce and content, out of its row. Raises BoxError."""
        public = row[: boxes.KEY_BYTES]
        if public not in self._keys:
            self._keys[public] = boxes.agreed(self._secret, public)
        text = boxes.unlock(self._keys[public], row[boxes.KEY_BYTES :])
        return text[:NONCE_BYTES], text[NONCE_BYTES:]


sealer = Sealer()
