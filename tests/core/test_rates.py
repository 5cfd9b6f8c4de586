"""Rates: no key passes its limit, whoever counts; Redis shares what processes spend, and its absence stops nobody."""

import threading
import time
import uuid

import pytest

from marketplace.core import limits
from marketplace.core.rates import Rates
from marketplace.core.refusals import Refusal
from tests.redis_server import RedisServer


@pytest.fixture
def redis(tmp_path):
    with RedisServer(tmp_path) as server:
        yield server


def in_one_window() -> None:
    """Begin where the window has some seconds left."""
    left = limits.RATE_SECONDS - time.time() % limits.RATE_SECONDS
    if left < 4:
        time.sleep(left + 0.1)


def passed(rates: Rates, name: str, tries: int) -> int:
    return sum(not rates.take(name).over for _ in range(tries))


def test_threads_together_pass_no_more_than_the_limit_and_each_key_has_its_own():
    in_one_window()
    rates, counts = Rates(100), []
    threads = [threading.Thread(target=lambda: counts.append(passed(rates, "k", 40))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 100
    standing = rates.take("other", 30)
    assert (standing.limit, standing.remaining, standing.over) == (100, 70, False)
    assert 1 <= standing.reset <= limits.RATE_SECONDS
    assert rates.take("other", 71).over
    with pytest.raises(Refusal) as caught:
        rates.take("other").refuse_over()
    assert caught.value.extra["retry_after"] <= limits.RATE_SECONDS


def test_a_new_window_begins_afresh(monkeypatch):
    rates = Rates(10)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert passed(rates, "k", 20) == 10
    monkeypatch.setattr(time, "time", lambda: 1000.0 + limits.RATE_SECONDS)
    assert passed(rates, "k", 20) == 10


def test_no_limit_is_no_header():
    assert Rates(0).take("k").headers() == {}


def test_processes_share_the_limit_through_redis(redis):
    in_one_window()
    several, name = [Rates(1000, redis.url) for _ in range(3)], str(uuid.uuid4())
    total = sum(passed(rates, name, 50) for _ in range(12) for rates in several)
    assert 950 <= total <= 1000 + 2 * 50  # exact up to the allowance that the others spend by themselves
    assert passed(Rates(1000, redis.url), name, 100) <= 50


def test_without_redis_a_process_counts_alone(redis):
    in_one_window()
    rates = Rates(100, redis.url)
    assert passed(rates, "k", 20) == 20
    redis.stop()
    assert passed(rates, "k", 200) <= 100
    assert passed(rates, "other", 200) == 100
