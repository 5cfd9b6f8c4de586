"""Events, and their deliveries to each webhook endpoint that wants them."""

import random
from typing import Any, ClassVar

import msgspec
import stripe
from django.db import models

from marketplace.stripe_sandbox import chaos, clock
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.webhook_endpoint import WebhookEndpoint
from marketplace.stripe_sandbox.rows import read_all, write


class Event(StripeObject):
    """What happened, with the object as it was then."""

    PREFIX: ClassVar = "evt"
    OBJECT: ClassVar = "event"

    type = models.CharField(max_length=64, db_index=True)
    subject = models.TextField()  # JSON, frozen
    request_id = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=255, null=True)

    def as_json(self) -> Body:
        waiting = Delivery.objects.filter(event=self.id, delivered_at=None).count()
        subject = msgspec.json.decode(self.subject)
        connected = {"account": subject["id"]} if self.type.startswith("account.") else {}
        return {
            **connected,
            "id": self.id,
            "object": self.OBJECT,
            "api_version": stripe.api_version,
            "created": self.created,
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": waiting,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": self.type,
        }


class Delivery(models.Model):
    """One event owed to one endpoint until it says 2xx."""

    event = models.CharField(max_length=64, db_index=True)
    endpoint = models.CharField(max_length=64)
    attempts = models.IntegerField(default=0)
    next_at = models.FloatField()
    delivered_at = models.FloatField(null=True)

    class Meta:
        app_label = "stripe_sandbox"
        indexes = [models.Index(fields=["next_at"], condition=models.Q(delivered_at=None), name="deliveries_due")]


def record(call: Call, kind: str, subject: Body) -> None:
    """Stores the event and owes it to whoever wants it, in the caller's transaction."""
    event = Event.make(
        {},
        type=kind,
        subject=msgspec.json.encode(subject).decode(),
        request_id=call.request_id,
        idempotency_key=call.idempotency_key,
    ).put()
    if call.listeners is None:
        call.listeners = read_all(WebhookEndpoint)
    for endpoint in call.listeners:
        if endpoint.wants(kind):
            for next_at in _instants(kind):
                write(Delivery(event=event.id, endpoint=endpoint.id, next_at=next_at))


def _instants(kind: str) -> list[float]:
    """When an event is owed: now and once, unless chaos is at work."""
    struck = chaos.strikes(f"EVENT {kind}", chaos.WEBHOOK_FAULTS)
    now = clock.seconds()
    if struck is None:
        return [now]
    fault, seconds = struck
    later = {"late": seconds, "reorder": seconds * random.random(), "duplicate": 0.0, "missing": 0.0}[fault]
    return {"missing": [], "duplicate": [now, now + seconds]}.get(fault, [now + later])


def _of_types(rows: Any, params: Body) -> Any:
    if "types" in params:
        return rows.filter(type__in=params["types"])
    return rows


def retrieve(call: Call) -> Event:
    return call.own(Event)


def index(call: Call) -> Body:
    return list_of(call, _of_types(Event.objects.all(), call.params), "type")
