"""Clearing happens at most once, whatever dies, and nothing uncertified is ever paid."""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

import mechanisms
from marketplace.clearing import child, sweeps
from marketplace.clearing.results import commit_outcome, fail_round
from marketplace.clearing.workers import ChildDied, worker
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from marketplace.markets.services import clear_again, close_market
from marketplace.settlement.models import Obligation
from mechanisms.types import Problem
from tests.factories import Trader, buy, close_now, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


@pytest.fixture
def closed() -> Market:
    """A closed market with two bids and a pending round."""
    market = open_a_market(lots=[{"id": "room", "seller": Trader(card=None, payout=True).agent.ref}])
    for value in (5000, 7000):
        trader = Trader()
        trader.join(market, 10_000)
        trader.bid(market, buy("room", value))
    close_now(market)
    close_market(market=market)
    market.refresh_from_db()
    return market


def claimed(market: Market, claim: str = "a") -> Round:
    """The market's round, claimed."""
    market.rounds.update(state=Round.State.CLEARING, claim=claim, claimed_at=timezone.now())
    return market.rounds.get()


def test_workers_that_race_clear_once(closed: Market) -> None:
    done = []

    def race() -> None:
        done.append(sweeps.clear_due())
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [0, 0, 0, 1]
    assert closed.rounds.get().state == "cleared"
    assert Obligation.objects.count() == 2


def test_a_result_whose_claim_was_lost_changes_nothing(closed: Market) -> None:
    round_ = claimed(closed, "a")
    problem, outcome = child._run(round_)
    claimed(closed, "b")
    assert commit_outcome(round_=round_, claim="a", problem=problem, outcome=outcome) is None
    assert not fail_round(round_=round_, claim="a", reason="late")
    assert commit_outcome(round_=round_, claim="b", problem=problem, outcome=outcome) is not None
    assert commit_outcome(round_=round_, claim="b", problem=problem, outcome=outcome) is None
    assert Obligation.objects.count() == 2


def test_a_silent_worker_s_round_is_taken_over(closed: Market) -> None:
    claimed(closed)
    assert sweeps.clear_due() == 0  # its worker still renews
    closed.rounds.update(claimed_at=timezone.now() - timedelta(seconds=11))
    assert sweeps.clear_due() == 1
    assert closed.rounds.get().state == "cleared"


def test_a_killed_child_fails_the_round_and_it_can_be_cleared_again(
    closed: Market, swept: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.stop()
    worker._running()
    os.kill(worker.pid, signal.SIGSTOP)  # so that it dies with the order in its hands
    pid = worker.pid
    threading.Timer(0.3, lambda: os.kill(pid, signal.SIGKILL)).start()
    assert sweeps.clear_due() == 1
    round_ = closed.rounds.get()
    assert (round_.state, Obligation.objects.count()) == ("failed", 0)
    assert "ended" in round_.failure
    again = clear_again(market=closed)
    assert again.n == 2
    with pytest.raises(Refusal):
        clear_again(market=closed)
    swept()
    closed.refresh_from_db()
    assert (closed.state, closed.rounds.get(n=2).state, closed.rounds.get(n=1).state) == (
        "settled",
        "cleared",
        "superseded",
    )


def test_a_hanging_child_is_killed(closed: Market) -> None:
    worker.stop()
    worker._running()
    pid = worker.pid
    os.kill(pid, signal.SIGSTOP)
    beats: list[float] = []
    with pytest.raises(ChildDied, match="in time"):
        worker.clear(round_ref="rnd_x", claim="c", seconds=2.5, heartbeat=lambda: beats.append(time.monotonic()))
    assert beats
    assert worker.pid is None


def test_a_failed_heartbeat_leaves_no_answer_for_the_next_round(closed: Market) -> None:
    worker.stop()
    worker._running()
    os.kill(worker.pid, signal.SIGSTOP)
    pid = worker.pid
    with pytest.raises(RuntimeError, match="the database is away"):
        worker.clear(round_ref="rnd_x", claim="c", seconds=20, heartbeat=_fail)
    assert worker.pid != pid
    assert sweeps.clear_due() == 1
    assert closed.rounds.get().state == "cleared"


def _fail() -> None:
    raise RuntimeError("the database is away")


def test_a_database_that_fails_in_the_child_leaves_the_round_to_the_lease(
    closed: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("terminating connection")

    monkeypatch.setattr(child, "commit_outcome", away)
    round_ = claimed(closed)
    assert child.clear(round_.ref, "a")["state"] == "interrupted"
    round_.refresh_from_db()
    assert round_.state == "clearing"


def test_an_outcome_that_the_checks_refuse_is_never_paid(closed: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule with a planted error: the winner pays its own bid. The independent check must stop it."""
    honest = mechanisms.run

    def dishonest(slug, problem, params, seed):
        wrong = honest("first_price", Problem.from_json(problem.to_dict() | {"mechanism": "first_price"}), {}, seed)
        return msgspec.structs.replace(wrong, mechanism=slug)

    monkeypatch.setattr(mechanisms, "run", dishonest)
    round_ = claimed(closed)
    assert child.clear(round_.ref, "a")["state"] == "failed"
    round_.refresh_from_db()
    assert round_.failure.startswith("NotCertified")
    assert not Obligation.objects.exists()


def test_a_market_that_is_still_open_is_not_cleared(closed: Market) -> None:
    Market.objects.filter(pk=closed.pk).update(closes_at=timezone.now() + timedelta(hours=1))
    round_ = claimed(closed)
    assert child.clear(round_.ref, "a")["state"] == "failed"
    assert not Obligation.objects.exists()
