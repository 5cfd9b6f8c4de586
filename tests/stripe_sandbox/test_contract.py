"""The sandbox against the SDK's own declarations: parameters, statuses, fields."""

import re
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import stripe
from typing_extensions import is_typeddict

from marketplace import stripe_sandbox
from marketplace.stripe_sandbox.router import ALIAS, SandboxRouter
from marketplace.stripe_sandbox.routes import ROUTES
from marketplace.stripe_sandbox.schema import OPTIONS, _members, fields_of, params_named

SOURCES = Path(stripe_sandbox.__file__).parent


def literals_of(thing: type, field: str) -> set[str]:
    """The values that the SDK declares for a field."""
    hint = thing.__annotations__[field]
    if isinstance(hint, str):
        hint = eval(hint, {**vars(sys.modules[thing.__module__]), **vars(stripe)})
    found: set[str] = set()
    queue = [hint]
    while queue:
        part = queue.pop()
        if get_origin(part) is Literal:
            found |= set(get_args(part))
        else:
            queue += get_args(part)
    return found


def nested(declared: type, seen: set[type]) -> set[type]:
    """A TypedDict and every TypedDict within it."""
    if declared in seen:
        return seen
    seen.add(declared)
    queue = [hint for name, hint in declared.__annotations__.items() if name not in OPTIONS]
    while queue:
        for member in _members(queue.pop(), declared):
            if is_typeddict(member):
                nested(member, seen)
            elif get_origin(member) is not Literal:
                queue += get_args(member)
    return seen


@pytest.mark.parametrize("route", ROUTES.values(), ids=lambda route: route.params)
def test_every_declared_parameter_can_be_read(route):
    for each in nested(params_named(route.params), set()):
        fields_of(each)


def test_what_is_not_built_is_declared_somewhere():
    declared = set().union(*(fields_of(params_named(route.params)) for route in ROUTES.values()))
    assert set().union(*(route.unbuilt for route in ROUTES.values())) <= declared


def test_every_status_is_one_of_the_sdks(story):
    """A walk through all states; the events show each object as it was at every step."""
    intents = story.api.payment_intents
    intents.cancel(story.pay().id)
    intents.capture(story.pay().id)
    intents.create({"amount": 1000, "currency": "eur"})
    waiting = intents.create({"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa"})
    assert waiting.status in literals_of(stripe.PaymentIntent, "status")
    with pytest.raises(stripe.CardError):
        intents.create({"payment_method": "pm_card_chargeDeclined", **story.terms(capture_method="automatic")})
    story.api.refunds.create({"payment_intent": story.pay(capture_method="automatic").id})
    for kind in ("express", "custom", "standard"):
        assert story.seller(type=kind).type in literals_of(stripe.Account, "type")
    seen = [event.data.object for event in story.api.events.list({"limit": 100}).data]
    for thing, field, at_least in (
        (stripe.PaymentIntent, "status", 5),
        (stripe.PaymentIntent, "capture_method", 3),
        (stripe.Charge, "status", 2),
    ):
        values = {each[field] for each in seen if type(each) is thing}
        assert len(values) >= at_least
        assert values <= literals_of(thing, field)


def test_event_types_are_the_sdks():
    declared = literals_of(stripe.Event, "type")
    ours = {kind for path in SOURCES.rglob("*.py") for kind in re.findall(r'emit\("([\w.]+)"', path.read_text())}
    assert len(ours) > 10
    assert ours <= declared


def test_what_is_shown_are_fields_of_the_sdks_objects(story):
    seller = story.seller()
    intent = story.pay(capture_method="automatic", expand=["latest_charge"])
    refund = story.api.refunds.create({"payment_intent": intent.id, "amount": 100})
    transfer = story.api.transfers.create({"amount": 100, "currency": "eur", "destination": seller.id})
    method = story.api.payment_methods.retrieve(intent.payment_method)
    event = story.api.events.list({"limit": 1}).data[0]
    for thing in (seller, intent, intent.latest_charge, refund, transfer, method, event, story.customer):
        declared = set().union(*(getattr(kind, "__annotations__", {}) for kind in type(thing).__mro__))
        assert set(thing.to_dict()) <= declared, type(thing)
        assert type(thing) is not stripe.StripeObject
    assert story.api.balance.retrieve().object == "balance"


def test_the_router_keeps_the_books_apart():
    router = SandboxRouter()
    assert router.allow_migrate(ALIAS, "stripe_sandbox") is True
    assert router.allow_migrate("default", "stripe_sandbox") is False
    assert router.allow_migrate(ALIAS, "auth") is False
    assert router.allow_migrate("default", "auth") is None
