"""Stripe clients that fail on purpose: what the network, and Stripe itself, do to a call."""

from collections.abc import Mapping
from typing import Any

import stripe


class Faulty(stripe.HTTPClient):
    """Passes calls on; POSTs of paths that hold one of these words meet the fault, so many times."""

    name = "faulty"

    def __init__(self, inner: stripe.HTTPClient, *words: str, times: int = 1) -> None:
        super().__init__()
        self.inner, self.words, self.left = inner, words, times
        self.calls: list[tuple[str, str, str]] = []

    def request(self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None) -> Any:
        self.calls.append((method, url, headers.get("Idempotency-Key", "")))
        if self.left and method.upper() == "POST" and any(word in url for word in self.words):
            self.left -= 1
            return self.fail(method, url, headers, post_data)
        return self.inner.request(method, url, headers, post_data)

    def fail(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Any:
        raise NotImplementedError


class LosesReplies(Faulty):
    """The call takes effect, its reply is lost."""

    def fail(self, *call: Any) -> Any:
        self.inner.request(*call)
        raise stripe.APIConnectionError("timeout after the effect")


class NeverArrives(Faulty):
    """The call is lost on its way."""

    def fail(self, *call: Any) -> Any:
        raise stripe.APIConnectionError("timeout before the effect")


class SavedFailure(Faulty):
    """Stripe failed without an effect and saved that answer: the key of the first failure is answered so for good."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.failed: set[str] = set()

    def request(self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None) -> Any:
        key = headers.get("Idempotency-Key", "")
        if key in self.failed:
            self.calls.append((method, url, key))
            return self._answer("true")
        return super().request(method, url, headers, post_data)

    def fail(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Any:
        self.failed.add(headers["Idempotency-Key"])
        return self._answer("false")

    def _answer(self, replayed: str) -> Any:
        return '{"error": {"type": "api_error", "message": "oops"}}', 500, {"Idempotent-Replayed": replayed}
