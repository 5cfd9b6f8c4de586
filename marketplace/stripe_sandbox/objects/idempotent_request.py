"""What was answered under each Idempotency-Key."""

from typing import NamedTuple

from django.db import connections, models

from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Refusal
from marketplace.stripe_sandbox.router import ALIAS

KEPT_SECONDS = 24 * 3600  # Stripe forgets a key after a day
# Every POST runs both; in plain SQL they cost a tenth of what the ORM takes to compile them.
SELECT = (
    "SELECT status, body, request_id, endpoint, fingerprint FROM stripe_sandbox_idempotentrequest "
    "WHERE key = %s AND created >= %s"
)
REPLACE = (
    "REPLACE INTO stripe_sandbox_idempotentrequest (key, endpoint, fingerprint, created, status, body, request_id) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


class IdempotentRequest(models.Model):
    """The stored answer, replayed byte for byte."""

    key = models.CharField(primary_key=True, max_length=340)  # account and key
    endpoint = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.IntegerField()
    body = models.BinaryField()
    request_id = models.CharField(max_length=64)
    created = models.BigIntegerField()

    class Meta:
        app_label = "stripe_sandbox"


class Saved(NamedTuple):
    """An answer, and the request that first got it."""

    status: int
    body: bytes
    request_id: str
    replayed: bool = False


def recall(key: str, endpoint: str, fingerprint: str) -> Saved | None:
    """The earlier answer under this key; the same key for something else is refused."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(SELECT, [key, now() - KEPT_SECONDS])
        found = cursor.fetchone()
    if found is None:
        return None
    if found[3:] != (endpoint, fingerprint):
        shown = key.partition(":")[2]
        raise Refusal(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{shown}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    return Saved(found[0], bytes(found[1]), found[2], replayed=True)


def remember(key: str, endpoint: str, fingerprint: str, saved: Saved) -> None:
    """Stores the answer in the commit of its effect."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(REPLACE, [key, endpoint, fingerprint, now(), saved.status, saved.body, saved.request_id])
