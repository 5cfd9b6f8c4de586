"""What was answered under each Idempotency-Key."""

from django.db import models

from marketplace.stripe_sandbox.errors import Refusal
from marketplace.stripe_sandbox.ids import now

KEPT_SECONDS = 24 * 3600  # Stripe forgets a key after a day


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


def recall(key: str, endpoint: str, fingerprint: str) -> IdempotentRequest | None:
    """The earlier answer under this key; the same key for something else is refused."""
    found = IdempotentRequest.objects.filter(pk=key).first()
    if found is None:
        return None
    if found.created < now() - KEPT_SECONDS:
        found.delete()
        return None
    if (found.endpoint, found.fingerprint) != (endpoint, fingerprint):
        shown = key.partition(":")[2]
        raise Refusal(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{shown}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    return found
