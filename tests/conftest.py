"""What every test stands on."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import connection

from marketplace.agents import keys
from marketplace.bidding import turns
from marketplace.bidding.intake import committer
from marketplace.clearing.workers import worker
from marketplace.core import sweeps
from marketplace.markets import terms
from marketplace.preferences import categories
from tests.emptying import empty_swiftly
from tests.ledger import whole_books
from tests.mechanisms.known_answers import pytest_terminal_summary  # noqa: F401 - pytest finds it by its name
from tests.pair import Pair, restarted_again_and_again, two_processes
from tests.redis_server import RedisServer
from tests.server import Server

LONG = (  # files of half a minute and more
    *(
        "docs/test_readme.py",
        "demo/test_trip.py",
        "mechanisms/test_claims_audit.py",
        "mechanisms/test_known_bundles.py",
    ),
    *("doors/test_two_worlds.py", "doors/test_browser_market_page.py", "mechanisms/test_bundles_oracle.py"),
    *("mechanisms/test_check_verify.py", "markets/test_admin.py", "bidding/test_intake_kills.py"),
    *("crashes/test_crashes.py", "doors/test_two_processes.py", "doors/test_mcp.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: not str(item.path).endswith(LONG))


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """No test sees another's keys or markets, and none leaves a thread with an open connection behind."""
    keys.forget_all()
    terms.forget_all()
    turns.forget_all()
    categories.forget_all()
    yield
    committer.stop()


@pytest.fixture(autouse=True)
def _books_are_whole(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever test has moved money: its books are whole at the end, and Stripe's say the same."""
    yield
    if request.node.get_closest_marker("spoils_books"):
        return
    if "transactional_db" in request.fixturenames or commits(request.node):
        assert whole_books() == []


def commits(item: pytest.Item) -> bool:
    """Whether the test works on committed rows of ours."""
    mark = item.get_closest_marker("django_db")
    options = mark.kwargs if mark is not None else {}
    return bool(options.get("transaction")) and "default" in (options.get("databases") or ["default"])


@pytest.fixture(scope="session", autouse=True)
def _swift_flush() -> Iterator[None]:
    """Most tests are followed by an emptying of all tables; Django's own takes longer than they do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", empty_swiftly)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The clearing child is shared by the session's tests and lets go of the database before that is dropped."""
    yield
    worker.stop()
    with django_db_blocker.unblock():
        _end_other_sessions()


def _end_other_sessions() -> None:
    """A thread that died with a connection in hand would keep PostgreSQL from dropping the database."""
    if connection.vendor == "postgresql":
        with connection._nodb_cursor() as cursor:
            name = connection.settings_dict["NAME"]
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


@pytest.fixture
def swept(transactional_db: None):
    """Do all background work that is due, in this thread; the clearing child is the real one."""
    return sweeps.run_due


@pytest.fixture(scope="session")
def doors_only(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server | Pair]:
    """A server without background work, shared by the session's tests; or two, with a Redis that comes and goes."""
    place = tmp_path_factory.mktemp("server")
    if os.environ.get("TEST_PAIR") == "1":
        with (
            RedisServer(place) as redis,
            two_processes(place, redis) as pair,
            restarted_again_and_again(redis),
        ):
            yield pair
        return
    server = Server(sweeps=False, log=place / "doors.log")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A whole server, gone before the next module: its sweeps would do what other tests mean to see undone."""
    whole = Server(sweeps=True, log=tmp_path_factory.mktemp("server") / "whole.log")
    yield whole
    whole.stop()
