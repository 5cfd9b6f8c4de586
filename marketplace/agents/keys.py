"""Who is calling: one identity for every door, from a bearer key."""

import base64
import hashlib
import hmac
import threading
import time
from dataclasses import dataclass

from django.conf import settings

from marketplace.agents.models import ApiKey
from marketplace.core.refusals import Refusal

KEY_PREFIX = "wk_test_"
CACHE_SECONDS = 2.0  # a revoked key is dead everywhere within this time
CACHE_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Identity:
    """The agent behind a request, and for whom it acts."""

    agent_id: int
    agent_ref: str
    principal_id: int
    scope: str


_cache: dict[str, tuple[float, Identity]] = {}
_lock = threading.Lock()


def digest_of(key: str) -> str:
    """The form in which a key is stored and looked up."""
    return hashlib.sha256(key.encode()).hexdigest()


def derived_key(caller: str, idempotency_key: str) -> str:
    """The key that a repeat of the same request gets again, without its being stored anywhere."""
    text = "\x00".join(("agent key", caller, idempotency_key)).encode()
    seed = hmac.digest(settings.SECRET_KEY.encode(), text, "sha256")
    return KEY_PREFIX + base64.urlsafe_b64encode(seed).rstrip(b"=").decode()


def bearer(header: str | None) -> str:
    """The key in an Authorization header."""
    scheme, _, key = (header or "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    raise Refusal(
        401, "key_missing", "This needs an agent's key.", "Send the header 'Authorization: Bearer wk_test_...'."
    )


def identify(key: str) -> Identity:
    """The identity behind a key; refused where the key is unknown or revoked."""
    digest = digest_of(key)
    identity = cached(digest)
    if identity is None:
        identity = _look_up(digest)
        remember(digest, identity)
    return identity


def cached(digest: str) -> Identity | None:
    """The identity last seen for this digest, while that is fresh enough to trust."""
    hit = _cache.get(digest)
    return hit[1] if hit and hit[0] > time.monotonic() else None


def remember(digest: str, identity: Identity) -> None:
    """Trust this identity for a little while; the cache is emptied when it is full."""
    with _lock:
        if len(_cache) >= CACHE_KEYS:
            _cache.clear()
        _cache[digest] = (time.monotonic() + CACHE_SECONDS, identity)


def forget_all() -> None:
    """Empty the cache (tests, and a revocation in this process)."""
    with _lock:
        _cache.clear()


def _look_up(digest: str) -> Identity:
    row = ApiKey.objects.select_related("agent").filter(digest=digest).first()
    if row is None or row.revoked_at is not None:
        code, what = ("key_unknown", "is not known") if row is None else ("key_revoked", "was revoked")
        raise Refusal(401, code, f"This key {what}.", "Ask your operator for a new key.")
    return Identity(row.agent_id, row.agent.ref, row.agent.principal_id, row.scope)
