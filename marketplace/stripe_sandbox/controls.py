"""The sandbox's own levers, under /sandbox/: its clock, chaos, pace, and the person whom the bank asks."""

from typing import Any

import msgspec
from django.db import transaction

from marketplace.stripe_sandbox import chaos, clock, pace, pages
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, Refusal, bad_parameter
from marketplace.stripe_sandbox.objects import payment_intent, payment_intent_calls, setup_intent
from marketplace.stripe_sandbox.objects.event import record
from marketplace.stripe_sandbox.router import ALIAS

PREFIX = "/sandbox/"


def pull(path: str, sent: dict[str, Any], request_id: str) -> Body:
    """Do what one of the levers is for; under the writer's lock, in one commit."""
    lever, _, wanted = path.removeprefix(PREFIX).partition("/")
    call = Call(sent, (wanted,), path, request_id, record)
    if lever not in LEVERS:
        raise Refusal(f"There is no such lever; there are: {', '.join(LEVERS)}.", status=404)
    with transaction.atomic(using=ALIAS):
        return LEVERS[lever](call)


def _clock(call: Call) -> Body:
    """So many seconds ahead; holds of a week ago expire."""
    clock.set_ahead(_number(call, "ahead"))
    return {"now": clock.now(), "expired": payment_intent_calls.expire(call)}


def _chaos(call: Call) -> Body:
    """A JSON list of rules, and a seed for those that strike by chance."""
    try:
        rules = msgspec.json.decode(call.params.get("script", "[]"), type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        raise bad_parameter(f"The script is no JSON list of rules: {error}", "script") from None
    chaos.script(rules, int(_number(call, "seed")))
    return {"rules": len(rules)}


def _pace(call: Call) -> Body:
    """Requests a second; 0 is no limit."""
    pace.limit_to(int(_number(call, "per_second")))
    return {"per_second": int(_number(call, "per_second"))}


def _authenticate(call: Call) -> Body:
    """The person answers the bank's question."""
    intent: Any = payment_intent.PaymentIntent.seek(call.path_id) or setup_intent.SetupIntent.seek(call.path_id)
    if intent is None or intent.status != "requires_action":
        raise Refusal("Nobody is asked for this intent.", status=404)
    pages.answer(intent, call)
    body: Body = intent.as_json()
    return body


def _number(call: Call, name: str) -> float:
    try:
        return float(call.params.get(name, 0))
    except (TypeError, ValueError):
        raise bad_parameter(f"{name} is a number.", name) from None


LEVERS = {"clock": _clock, "chaos": _chaos, "pace": _pace, "authenticate": _authenticate}
