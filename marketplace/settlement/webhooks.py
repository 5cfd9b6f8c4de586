"""The door for Stripe's webhooks: verify the raw bytes, store by event id, answer at once."""

import time
from typing import Any

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from marketplace.core import clock, limits, strict_json, sweeps
from marketplace.core.refusals import CONTENT_TYPE, Refusal
from marketplace.settlement.models import WebhookEvent

TOLERANCE_SECONDS = 300


@csrf_exempt
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take one event; a repeat of an event is answered like the first and changes nothing."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        raw = request.read(limits.BODY_BYTES + 1)
        _store(verified(raw, request.headers.get("Stripe-Signature", "")), raw)
    except Refusal as refusal:
        return HttpResponse(refusal.encoded(), status=refusal.status, content_type=CONTENT_TYPE)
    return JsonResponse({"received": True})


def verified(raw: bytes, signature: str) -> dict[str, Any]:
    """The event, if these very bytes were signed with our secret a short time ago, in test mode."""
    if len(raw) > limits.BODY_BYTES:
        raise Refusal(413, "body_too_large", f"At most {limits.BODY_BYTES} bytes.", "Send less.")
    try:
        stripe.WebhookSignature.verify_header(raw, signature, settings.STRIPE_WEBHOOK_SECRET, TOLERANCE_SECONDS)
        _refuse_the_future(signature)
    except (stripe.SignatureVerificationError, ValueError, TypeError, OverflowError):
        raise _refused("webhook_signature_invalid", "The signature does not fit these bytes and this time.") from None
    event = strict_json.parse_object(raw)
    if event.get("livemode") is not False:
        raise _refused("webhook_livemode", "Only test mode is served here.")
    return event


def _refuse_the_future(signature: str) -> None:
    """The SDK bounds the age of a signature only; one that is dated ahead could be kept and used later."""
    (dated,) = {part.partition("=")[2] for part in signature.split(",") if part.strip().startswith("t=")}
    if int(dated) > time.time() + TOLERANCE_SECONDS:
        raise ValueError("signed in the future")


def _store(event: dict[str, Any], raw: bytes) -> None:
    names = (event.get("id"), event.get("type"), _object_id(event))
    if not all(isinstance(name, str) and name and len(name) <= 64 for name in names):
        raise _refused("webhook_malformed", "An event has an id, a type and an object with an id.")
    at = clock.now()
    row = WebhookEvent(
        event_id=names[0], kind=names[1], object_id=names[2], received_at=at, due_at=at, body=raw.decode()
    )
    WebhookEvent.objects.bulk_create([row], ignore_conflicts=True)
    sweeps.nudge("settlement.events")


def _object_id(event: dict[str, Any]) -> Any:
    data = event.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    return about.get("id") if isinstance(about, dict) else None


def _refused(code: str, detail: str) -> Refusal:
    return Refusal(400, code, detail, "Only Stripe calls here; check the endpoint's signing secret.")
