"""The sandbox in the caller's own thread, for simulations that make millions of calls, one after the other."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from marketplace.stripe_sandbox.answer import Request, answer


class DirectClient(stripe.HTTPClient):
    """Its database connection is not ours, and the gateway makes no call inside a transaction of ours."""

    name = "direct"

    def request(self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None) -> Any:
        """What the SDK calls."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = (post_data or "").encode() if isinstance(post_data, str | None) else post_data
        given = {name.lower(): value for name, value in (headers or {}).items()}
        reply = answer(Request(method.upper(), target, given, body))
        if reply.cut:
            raise stripe.APIConnectionError("the connection broke")
        return reply.body.decode(), reply.status, reply.headers

    def close(self) -> None:
        """Nothing is kept open."""
