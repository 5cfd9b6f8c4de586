"""Boxes for secrets: the one module that knows which library seals, and how long a sealed thing looks."""

import hashlib
import hmac
from collections.abc import Callable
from typing import NamedTuple

from nacl.bindings import crypto_box_beforenm, crypto_secretbox
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import Aead, SecretBox
from nacl.utils import random

KEY_BYTES = 32
LEAST_BYTES = 256  # the smallest class; each next one is twice as long
_LENGTH_BYTES = 4


class BoxError(Exception):
    """A box does not open: another key, or other bytes than were sealed."""


class KeyPair(NamedTuple):
    """Who has `public` can seal, who has `secret` can open."""

    public: bytes
    secret: bytes


def new_key() -> bytes:
    """A fresh random key."""
    return random(KEY_BYTES)


def new_pair() -> KeyPair:
    """A fresh key pair."""
    return pair_of(new_key())


def pair_of(secret: bytes) -> KeyPair:
    """The pair to which a secret belongs."""
    key = PrivateKey(secret)
    return KeyPair(bytes(key.public_key), bytes(key))


def seal(public: bytes, plain: bytes) -> bytes:
    """Seal for the holder of the secret that belongs to `public`; the sealer itself cannot open it."""
    return SealedBox(PublicKey(public)).encrypt(plain)


def unseal(secret: bytes, sealed: bytes) -> bytes:
    """Open what was sealed to this secret's public key; raises BoxError."""
    try:
        return SealedBox(PrivateKey(secret)).decrypt(sealed)
    except CryptoError:
        raise BoxError("this secret does not open it") from None


def agreed(secret: bytes, public: bytes) -> bytes:
    """The key that both come to: who has one pair's secret half, and who has the other's. Raises BoxError."""
    try:
        return bytes(crypto_box_beforenm(public, secret))
    except CryptoError:
        raise BoxError("this is no public key") from None


def locker(key: bytes) -> Callable[[bytes], bytes]:
    """What locks padded plain text under a key; made once for many."""
    size = SecretBox.NONCE_SIZE

    def locked(plain: bytes) -> bytes:
        nonce = random(size)
        return nonce + crypto_secretbox(padded(plain), nonce, key)  # as SecretBox.encrypt, at half of its cost

    return locked


def unlock(key: bytes, locked: bytes) -> bytes:
    """Open what `locker(key)` locked; raises BoxError."""
    try:
        return unpadded(SecretBox(key).decrypt(locked))
    except CryptoError:
        raise BoxError("this key does not open it") from None


def lock_at(key: bytes, place: str, plain: bytes) -> bytes:
    """Lock under a key for one place only: at any other it does not open."""
    return bytes(Aead(key).encrypt(padded(plain), place.encode()))


def unlock_at(key: bytes, place: str, locked: bytes) -> bytes:
    """Open what was locked for this place; raises BoxError."""
    try:
        return unpadded(Aead(key).decrypt(locked, place.encode()))
    except CryptoError:
        raise BoxError(f"it was not locked for {place} under this key") from None


def padded(plain: bytes) -> bytes:
    """The length, the text, and zeros up to the size class: 256 bytes, 512, 1024, ..."""
    size = LEAST_BYTES
    while size < len(plain) + _LENGTH_BYTES:
        size *= 2
    return (len(plain).to_bytes(_LENGTH_BYTES, "big") + plain).ljust(size, b"\x00")


def unpadded(text: bytes) -> bytes:
    """The text without its padding."""
    return text[_LENGTH_BYTES : _LENGTH_BYTES + int.from_bytes(text[:_LENGTH_BYTES], "big")]


def derived(secret: str, purpose: str) -> bytes:
    """A key for one purpose from a secret that has many."""
    return hmac.digest(secret.encode(), f"walras/{purpose}".encode(), hashlib.sha256)
