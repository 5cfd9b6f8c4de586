"""Answers that chaos spoils."""

from collections.abc import Callable
from typing import Any

import msgspec

from marketplace.stripe_sandbox.call import Call, Result
from marketplace.stripe_sandbox.errors import Refusal
from marketplace.stripe_sandbox.pace import too_many

MONEY = ("amount", "amount_received", "amount_capturable")
OOPS = Refusal("An unexpected error occurred.", status=500, type="api_error")
REFUSALS = {
    "500": OOPS,
    "409": Refusal("Another request is at work on this object.", status=409, code="lock_timeout"),
    "429": too_many(),
}


def failing(handler: Callable[[Call], Result], fault: str) -> Callable[[Call], Result]:
    """The call's answer is 500, and is saved under its key; `after` the effect, or without it."""

    def fail(call: Call) -> Result:
        if fault.endswith("_after"):
            handler(call)
        return OOPS

    return fail


def one_too_much(body: bytes) -> bytes:
    """The same answer, its amounts wrong."""
    shown: Any = msgspec.json.decode(body)
    for name in MONEY:
        if isinstance(shown.get(name), int):
            shown[name] += 1
    return msgspec.json.encode(shown)
