"""Delivers events to webhook endpoints: signed as Stripe signs, again and again until the receiver says 2xx."""

import hashlib
import hmac
import logging
import threading
import time

import httpx
import msgspec
from django.db import connections

from marketplace.stripe_sandbox import clock
from marketplace.stripe_sandbox.answer import deliveries_due, writer
from marketplace.stripe_sandbox.objects.event import Delivery, Event
from marketplace.stripe_sandbox.objects.webhook_endpoint import WebhookEndpoint
from marketplace.stripe_sandbox.router import ALIAS

log = logging.getLogger(__name__)
FIRST_DELAY = 0.25
LONGEST_DELAY = 60.0
POLL_SECONDS = 0.25
BATCH = 50
TIMEOUT = 10.0


def sign(payload: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header: the time, and HMAC-SHA256 over time and payload."""
    mac = hmac.new(secret.encode(), str(at).encode() + b"." + payload, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def delay_after(attempts: int) -> float:
    """Doubling; Stripe's own goes on for three days."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempts - 1, 20))


class Deliverer:
    """A background thread; what is owed stands in the database, so dying loses nothing."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stripe-sandbox-webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        deliveries_due.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as http:
            while not self._stop.is_set():
                deliveries_due.clear()
                try:
                    busy = self._deliver_due(http)
                except Exception:
                    log.exception("the webhook thread failed and goes on")
                    busy = False
                if not busy:
                    deliveries_due.wait(POLL_SECONDS)
        connections[ALIAS].close()

    def _deliver_due(self, http: httpx.Client) -> bool:
        due = Delivery.objects.filter(delivered_at=None, next_at__lte=clock.seconds()).order_by("next_at", "pk")[:BATCH]
        rows = list(due)
        for row in rows:
            if self._stop.is_set():
                break
            if _claim(row):
                _deliver(row, http)
        return bool(rows)


def _claim(row: Delivery) -> bool:
    """Puts the next attempt off before this one begins: whoever dies in it has only delayed it."""
    mine = Delivery.objects.filter(pk=row.pk, attempts=row.attempts, delivered_at=None)
    with writer:
        return mine.update(attempts=row.attempts + 1, next_at=clock.seconds() + delay_after(row.attempts + 1)) == 1


def _deliver(row: Delivery, http: httpx.Client) -> None:
    endpoint = WebhookEndpoint.seek(row.endpoint)
    event = Event.seek(row.event)
    if endpoint is None or event is None:
        with writer:
            row.delete()
        return
    payload = msgspec.json.encode(event.as_json())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (sandbox)",
        "Stripe-Signature": sign(payload, endpoint.secret, int(time.time())),
    }
    try:
        accepted = http.post(endpoint.url, content=payload, headers=headers).is_success
    except httpx.HTTPError as error:
        log.info("event %s was not taken: %s", event.id, error)
        accepted = False
    if not accepted:
        return
    with writer:
        Delivery.objects.filter(pk=row.pk).update(delivered_at=clock.seconds())
