"""The sandbox behind real HTTP: a server on a thread, and our one client pointed at it."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from marketplace.settlement import gateway
from marketplace.stripe_sandbox.server import Sandbox


@pytest.fixture
def stripe_over_http(transactional_db: None) -> Iterator[str]:
    """Calls of settlement go over a socket while this test runs; the sandbox's address."""
    sandbox = Sandbox()
    sandbox.start()
    before = settings.STRIPE_API_BASE, settings.STRIPE_HTTP_CLIENT
    settings.STRIPE_API_BASE, settings.STRIPE_HTTP_CLIENT = sandbox.url, ""
    gateway.client.cache_clear()
    yield sandbox.url
    gateway.client()._requestor._client.close()
    settings.STRIPE_API_BASE, settings.STRIPE_HTTP_CLIENT = before
    gateway.client.cache_clear()
    sandbox.stop()
