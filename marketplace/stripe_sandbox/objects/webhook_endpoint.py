"""Webhook endpoints: who is told of events, and which of them."""

import secrets
from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of

FROM_COMMAND_LINE = "we_commandline"


class WebhookEndpoint(StripeObject):
    """An address that takes signed events."""

    PREFIX: ClassVar = "we"
    OBJECT: ClassVar = "webhook_endpoint"
    ECHOED: ClassVar = ("description",)

    url = models.CharField(max_length=2000)
    secret = models.CharField(max_length=255)
    enabled_events = models.JSONField(default=list)
    status = models.CharField(max_length=16, default="enabled")

    def as_json(self) -> Body:
        return {
            **self.common_json(),
            "url": self.url,
            "enabled_events": self.enabled_events,
            "status": self.status,
            "api_version": None,
            "application": None,
        }

    def wants(self, kind: str) -> bool:
        return self.status == "enabled" and ("*" in self.enabled_events or kind in self.enabled_events)


def create(call: Call) -> Body:
    endpoint = WebhookEndpoint.make(
        call.params,
        url=call.params["url"],
        enabled_events=call.params["enabled_events"],
        secret=f"whsec_{secrets.token_urlsafe(24)}",
    ).put()
    return {**endpoint.as_json(), "secret": endpoint.secret}  # shown this once, as Stripe does


def retrieve(call: Call) -> WebhookEndpoint:
    return call.own(WebhookEndpoint, "webhook_endpoint")


def update(call: Call) -> WebhookEndpoint:
    endpoint = call.own(WebhookEndpoint, "webhook_endpoint")
    endpoint.take(call.params)
    endpoint.url = call.params.get("url", endpoint.url)
    endpoint.enabled_events = call.params.get("enabled_events", endpoint.enabled_events)
    if "disabled" in call.params:
        endpoint.status = "disabled" if call.params["disabled"] else "enabled"
    endpoint.put()
    return endpoint


def delete(call: Call) -> Body:
    endpoint = call.own(WebhookEndpoint, "webhook_endpoint")
    gone = {"id": endpoint.id, "object": endpoint.OBJECT, "deleted": True}
    endpoint.delete()
    return gone


def index(call: Call) -> Body:
    return list_of(call, WebhookEndpoint.objects.all())


def point_at(url: str, secret: str, kinds: list[str]) -> None:
    """The endpoint that the command line names; one of them, whatever it was before."""
    made = WebhookEndpoint.make({}, url=url, secret=secret, enabled_events=kinds)
    made.id = FROM_COMMAND_LINE
    made.save()  # over the one of an earlier start
