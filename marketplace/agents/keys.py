"""Who is calling: one identity for every door, from a bearer key."""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from marketplace.agents.models import ApiKey
from marketplace.core import clock
from marketplace.core.refusals import Refusal

SCOPES = {
    "read": "look at markets and at what is one's own",
    "trade": "join, bid, pay, be told by webhook",
    "keys": "issue, rotate and revoke the agent's keys",
    "operate": "open markets and register agents",
}
BUNDLES = {"trade": ("read", "trade", "keys"), "operate": tuple(SCOPES)}  # what a new agent's first key may do
KEY_PREFIX = "wk_test_"
CACHE_SECONDS = 2.0  # a revoked key is dead everywhere within this time
CACHE_KEYS = 20_000
PAGE = 1_000  # keys in one query


@dataclass(frozen=True, slots=True)
class Identity:
    """The agent behind a request, and for whom it acts."""

    agent_id: int
    agent_ref: str
    principal_id: int
    scopes: frozenset[str]
    key_ref: str

    def refuse_without(self, scope: str) -> None:
        """Refuse what this key was not made for."""
        if scope in self.scopes:
            return
        if scope == "operate":
            raise Refusal(403, "operator_only", "This key may trade, not operate.", "Use an operator's key.")
        what = f"This key has not the scope {scope} ({SCOPES[scope]})."
        has = " ".join(sorted(self.scopes)) or "none"
        raise Refusal(403, "scope_missing", what, f"Use a key that has it; this one has: {has}.")


_NOT_SUSPENDED = {"agent__principal__suspended_at": None}
_FACTS = ("agent_id", "agent__ref", "agent__principal_id", "scopes", "ref")  # in the order of an identity's
_cache: dict[str, tuple[float, Identity]] = {}
_used: set[str] = set()  # since the last refresh
_lock = threading.Lock()


def digest_of(key: str) -> str:
    """The form in which a key is stored and looked up."""
    return hashlib.sha256(key.encode()).hexdigest()


def derived_key(caller: str, path: str, idempotency_key: str) -> str:
    """The key that a repeat of the same request gets again, without its being stored anywhere."""
    text = "\x00".join(("agent key", caller, path, idempotency_key)).encode()
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
    """The identity behind a key; refused where the key is unknown, revoked or expired."""
    digest = digest_of(key)
    identity, since = cached(digest), time.monotonic()
    if identity is None:
        identity = _look_up(digest)
        remember(digest, identity, since)
    return identity


def cached(digest: str) -> Identity | None:
    """The identity last seen for this digest, while that is fresh enough to trust."""
    hit = _cache.get(digest)
    if hit is None or hit[0] <= time.monotonic():
        return None
    _used.add(digest)
    return hit[1]


def remember(digest: str, identity: Identity, since: float) -> None:
    """Trust this identity, read at `since` or later, for a little while; the cache is emptied when it is full."""
    with _lock:
        if len(_cache) >= CACHE_KEYS:
            _cache.clear()
        _cache[digest] = (since + CACHE_SECONDS, identity)


def refresh() -> None:
    """Look the keys up again that were used lately, before a request has to wait for it."""
    with _lock:
        used = list(_used)
        _used.clear()
    _learn(used)


def identify_all(given: Iterable[str]) -> dict[str, Identity | Refusal]:
    """Many keys at once, a thousand in one query: each with its identity, or with why it is refused."""
    digests = {key: digest_of(key) for key in given}
    _learn([digest for digest in digests.values() if cached(digest) is None])
    unknown = [digest for digest in digests.values() if cached(digest) is None]
    faults = no_longer_good(unknown) if unknown else {}
    return {key: faults.get(digest) or cached(digest) or _alone(digest) for key, digest in digests.items()}


def _alone(digest: str) -> Identity | Refusal:
    """A key that came to be, or was forgotten, between the questions."""
    try:
        return _look_up(digest)
    except Refusal as refusal:
        return refusal


def _learn(digests: Sequence[str]) -> None:
    for start in range(0, len(digests), PAGE):
        since, good = time.monotonic(), ApiKey.objects.filter(revoked_at=None, **_NOT_SUSPENDED)
        rows = list(good.filter(digest__in=digests[start : start + PAGE]).values_list("digest", "expires_at", *_FACTS))
        now = clock.now() if any(row[1] for row in rows) else None
        for digest, expires_at, *facts in rows:
            if now is None or expires_at is None or expires_at > now:
                remember(digest, _identity(*facts), since)


def forget_all() -> None:
    """Empty the cache (tests, and a revocation in this process)."""
    with _lock:
        _cache.clear()
        _used.clear()


def no_longer_good(digests: Sequence[str]) -> dict[str, Refusal]:
    """Which of these keys are revoked, expired or gone, each with its refusal; one query for all."""
    found = ApiKey.objects.select_related("agent__principal").filter(digest__in=digests)
    rows = {row.digest: row for row in found}
    now = clock.now()
    faults = {digest: _fault(rows.get(digest), now) for digest in digests}
    return {digest: refusal for digest, refusal in faults.items() if refusal is not None}


def _fault(row: ApiKey | None, now: datetime) -> Refusal | None:
    if row is None:
        code, what = "key_unknown", "is not known"
    elif row.revoked_at is not None:
        code, what = "key_revoked", "was revoked"
    elif row.expires_at is not None and row.expires_at <= now:
        code, what = "key_expired", f"was good until {clock.stamp(row.expires_at)}"
    else:
        return _suspended(row)
    return Refusal(401, code, f"This key {what}.", "Ask your operator for a new key.")


def _suspended(row: ApiKey) -> Refusal | None:
    if row.agent.principal.suspended_at is None:
        return None
    detail = "The principal of this key's agent is suspended: its agents may do nothing until it is reinstated."
    return Refusal(403, "principal_suspended", detail, "Have your principal ask the operators why.")


def _look_up(digest: str) -> Identity:
    row = ApiKey.objects.select_related("agent__principal").filter(digest=digest).first()
    fault = _fault(row, clock.now())
    if row is None or fault is not None:
        raise fault or AssertionError("a missing row is a fault")
    return _identity(row.agent_id, row.agent.ref, row.agent.principal_id, row.scopes, row.ref)


def _identity(agent_id: int, agent_ref: str, principal_id: int, scopes: str, key_ref: str) -> Identity:
    return Identity(agent_id, agent_ref, principal_id, frozenset(scopes.split()), key_ref)
