"""The HTTP client that the Stripe SDK sends through: one pool of kept-alive connections a process, with timeouts."""

from collections.abc import Mapping
from typing import Any

import httpx
import stripe

CONNECT_SECONDS = 3
ANSWER_SECONDS = 20  # Stripe answers a confirmation within a few; past this the result is unknown
CONNECTIONS = 16


class PooledClient(stripe.HTTPClient):
    """httpx below the SDK; the SDK's own httpx client has no pool for synchronous calls that threads may share."""

    name = "httpx"

    def __init__(self) -> None:
        super().__init__()
        self._client = httpx.Client(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """One call, never repeated here: only settlement knows whether a repeat is due."""
        try:
            answer = self._client.request(method, url, headers=headers, content=post_data or None)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(f"no answer from Stripe: {type(error).__name__}") from error
        return answer.content, answer.status_code, answer.headers

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
