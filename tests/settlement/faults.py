"""Stripe clients that fail on purpose: what the network does to a reply."""

from collections.abc import Mapping
from typing import Any

import stripe


class LosesReplies(stripe.HTTPClient):
    """Lets each call take effect and then loses the reply, for paths that hold one of these words."""

    name = "loses-replies"

    def __init__(self, inner: stripe.HTTPClient, *words: str, times: int = 1) -> None:
        super().__init__()
        self.inner, self.words, self.left = inner, words, times
        self.calls: list[tuple[str, str, str]] = []

    def request(self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None) -> Any:
        reply = self.inner.request(method, url, headers, post_data)
        self.calls.append((method, url, headers.get("Idempotency-Key", "")))
        if self.left and method.upper() == "POST" and any(word in url for word in self.words):
            self.left -= 1
            raise stripe.APIConnectionError("timeout after the effect")
        return reply
