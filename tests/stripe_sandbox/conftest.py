"""Both doors to the sandbox, so that every test of the API is run through each."""

from collections.abc import Callable, Iterator

import pytest
import stripe
from django.db import connections
from sandbox_process import SandboxProcess
from stories import Story

from marketplace.stripe_sandbox.client import InProcessClient
from marketplace.stripe_sandbox.router import ALIAS

Connect = Callable[..., stripe.StripeClient]


@pytest.fixture(scope="session")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    sandbox = SandboxProcess(tmp_path_factory.mktemp("http") / "sandbox.sqlite3")
    yield sandbox.client
    sandbox.stop()


@pytest.fixture(scope="session")
def in_process() -> Iterator[Connect]:
    if ALIAS not in connections:
        pytest.skip("STRIPE_SANDBOX_DATABASE is not set")
    http = InProcessClient()
    yield lambda key="sk_test_suite": stripe.StripeClient(key, http_client=http, max_network_retries=0)
    http.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Through the in-process door the sandbox commits on threads of its own: no test transaction may be open."""
    mark = pytest.mark.django_db(transaction=True, databases=[ALIAS])
    for item in items:
        if "[in_process" in item.name and ALIAS in connections:
            item.add_marker(mark)


@pytest.fixture(params=["in_process", "over_http"])
def connect(request) -> Connect:
    return request.getfixturevalue(request.param)


@pytest.fixture
def api(connect):
    """`client.v1` of the SDK."""
    return connect().v1


@pytest.fixture
def story(api) -> Story:
    return Story(api)
