"""kill -9 under load: what was acknowledged is in the books, once, without a gap."""

import os
import random
import signal
import threading
import time
import uuid
from pathlib import Path

import httpx
import pytest

from marketplace.bidding.models import Bid
from marketplace.core.models import Event, Stream
from marketplace.markets.models import Market
from tests.factories import Trader, buy, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


class Bidder(threading.Thread):
    """One agent that replaces its bid again and again, and repeats with the same key what was not answered."""

    def __init__(self, server: Server, market: Market, trader: Trader, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._server, self._market, self._trader, self._stop_event = server, market, trader, stop
        self.acknowledged: dict[str, str] = {}
        self.surprises: list[str] = []

    def run(self) -> None:
        """Bid until told to stop."""
        standing, value = None, 5000
        while not self._stop_event.is_set():
            value += 1
            body = buy("room", value) | ({"replaces": standing} if standing else {})
            standing = self._until_answered(body, str(uuid.uuid4())) or standing

    def _until_answered(self, body: dict, key: str) -> str | None:
        url = f"{self._server.url}/api/v1/markets/{self._market.ref}/bids/"
        while not self._stop_event.is_set():
            try:
                answer = HTTP.post(url, json=body, headers=self._trader.headers(key), timeout=20)
            except httpx.TransportError:
                time.sleep(0.05)  # the server is gone; the same key makes the repeat safe
                continue
            if answer.status_code == 201:
                self.acknowledged[key] = answer.json()["id"]
                return str(answer.json()["id"])
            self.surprises.append(answer.text)
            return None
        return None


def kill_under_load(
    server: Server, market: Market, traders: list[Trader], kills: int, rng: random.Random
) -> list[Bidder]:
    """Kill and restart the server so many times while all bid."""
    stop = threading.Event()
    bidders = [Bidder(server, market, trader, stop) for trader in traders]
    for bidder in bidders:
        bidder.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.1, 0.6))
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server.start()
    time.sleep(0.3)
    stop.set()
    for bidder in bidders:
        bidder.join(60)
    return bidders


def check_books(market: Market, bidders: list[Bidder]) -> None:
    """Every acknowledgement has its bid, numbers have no gap, events match bids, one bid stands for each agent."""
    stored = set(Bid.objects.filter(market=market).values_list("ref", flat=True))
    for bidder in bidders:
        assert bidder.surprises == []
        assert set(bidder.acknowledged.values()) <= stored
        assert len(set(bidder.acknowledged.values())) == len(bidder.acknowledged)
    numbers = list(Bid.objects.filter(market=market).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    market.refresh_from_db()
    assert market.last_bid == len(numbers)
    for participation in market.participations.all():
        stream = Stream.objects.get(name=participation.stream)
        seqs = list(Event.objects.filter(stream=stream).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, stream.head + 1))
        accepted = Event.objects.filter(stream=stream, kind="bid.accepted").count()
        assert accepted == participation.bids.count()
        assert participation.bids.filter(status="accepted").count() == 1


def run_kills(tmp_path: Path, kills: int, seed: int) -> None:
    """One market, four agents, one server that dies and dies."""
    market, traders = open_a_market(), [Trader() for _ in range(4)]
    for trader in traders:
        trader.join(market, limit_minor=100_000)
    server = Server(sweeps=False, log=tmp_path / "killed.log")
    try:
        bidders = kill_under_load(server, market, traders, kills, random.Random(seed))
    finally:
        server.stop()
    check_books(market, bidders)
    assert sum(len(bidder.acknowledged) for bidder in bidders) > kills


def test_no_acknowledged_bid_is_lost(tmp_path: Path) -> None:
    run_kills(tmp_path, kills=5, seed=1)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(10))
def test_no_acknowledged_bid_is_lost_in_200_kills(tmp_path: Path, seed: int) -> None:
    run_kills(tmp_path, kills=20, seed=seed)
