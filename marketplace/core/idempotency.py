"""Idempotency keys: same key and body, same answer; same key, other body, 409."""

import hashlib
import hmac
from collections.abc import Callable

from django.db import IntegrityError, transaction

from marketplace.core import clock, limits
from marketplace.core.models import IdempotentAnswer
from marketplace.core.refusals import Refusal
from marketplace.core.secrets import web_key

Answer = tuple[int, bytes]


def key_hash(*parts: str) -> str:
    """One hash of caller, place and key, so that keys of different callers never meet.

    An HMAC, not a plain hash: a caller may have made its key from what it sends, and that is then not to be guessed.
    """
    return hmac.digest(web_key("idempotency"), "\x00".join(parts).encode(), hashlib.sha256).hex()


def fingerprint(body: bytes) -> str:
    """What tells one body from another without telling what it says: a plain hash of a bid is guessed in a second."""
    return hmac.digest(web_key("fingerprint"), body, hashlib.sha256).hex()


def checked_key(key: str | None) -> str:
    """The Idempotency-Key header, or the refusal that says what it must be."""
    if key and len(key) <= limits.IDEMPOTENCY_KEY_CHARS and key.isascii() and key.isprintable():
        return key
    raise Refusal(
        400,
        "idempotency_key_missing" if not key else "idempotency_key_invalid",
        f"A POST needs an Idempotency-Key of 1 to {limits.IDEMPOTENCY_KEY_CHARS} printable ASCII characters.",
        "Send a fresh random value (a UUID) per intended act, and the same value when you retry it.",
    )


def reused(detail: str = "This Idempotency-Key came before with another body.") -> Refusal:
    """The refusal for one key with two bodies."""
    return Refusal(409, "idempotency_key_reused", detail, "Use a new key for a new act.")


def answer_once(*, caller: str, path: str, key: str, body_hash: str, act: Callable[[], Answer]) -> Answer:
    """Do `act` once for this key and give its stored answer ever after; refusals are not stored.

    Act and answer commit together, so no crash can leave one without the other; `act` therefore makes
    no network call. Two requests with one key at once: the second waits at the unique index, then replays.
    """
    name = key_hash(caller, path, key)
    try:
        with transaction.atomic():
            row = IdempotentAnswer.objects.create(
                key_hash=name, body_hash=body_hash, status=0, answer="", at=clock.now()
            )
            row.status, answer = act()
            row.answer = answer.decode()
            row.save(update_fields=["status", "answer"])
            return row.status, answer
    except IntegrityError:
        known = IdempotentAnswer.objects.filter(key_hash=name).first()
        if known is None:
            raise  # another constraint failed, not ours
    if known.body_hash != body_hash:
        raise reused()
    return known.status, known.answer.open().encode()


def bind(*, caller: str, path: str, key: str, body_hash: str) -> None:
    """Refuse a key that came before with another body; for acts that are repeat-safe by themselves."""
    answer_once(caller=caller, path=path, key=key, body_hash=body_hash, act=lambda: (200, b""))
