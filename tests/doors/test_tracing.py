"""The log: a request is followed from the door into writer, child and sweeps, and no line holds a secret."""

import json
import logging
import logging.config
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import stripe
from django.conf import settings as configured
from django.db import OperationalError
from websockets.sync.client import connect

from marketplace.bidding.books import Books
from marketplace.bidding.models import Participation
from marketplace.core import sweeps, tracing
from marketplace.core.logs import MASK, logging_config
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.settlement import gateway
from marketplace.settlement.models import Authorisation, Obligation
from tests.factories import Trader, buy, close_now, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
TOKEN = "a-token-for-figures"


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What our log would say."""
    config, text, root = logging_config("DEBUG"), StringIO(), logging.getLogger()
    made = config["formatters"]["line"]
    handler = logging.StreamHandler(text)
    handler.setFormatter(made["()"](foreign_pre_chain=made["foreign_pre_chain"], processors=made["processors"]))
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield text
    root.removeHandler(handler)
    root.setLevel(before)


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def talkative(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    """A whole server that writes down all that it can, gone before the next test: its sweeps would do that one's."""
    place = tmp_path / "debug.log"
    whole = Server(sweeps=True, log=place, WALRAS_LOG_LEVEL="DEBUG", WALRAS_METRICS_TOKEN=TOKEN)
    yield whole
    whole.stop()


def until(done) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_story_can_be_followed_and_tells_no_secret(talkative: Server) -> None:
    market, trader, rival = open_a_market(), Trader(), Trader()
    rival.join(market)
    rival.bid(market, buy("room", 3000))
    api, mine = f"{talkative.url}/api/v1/markets/{market.ref}", {"X-Request-ID": "story-0001"}
    joined = HTTP.post(f"{api}/participations/", json={"limit_minor": 10_000}, headers=trader.headers() | mine)
    assert joined.headers["x-request-id"] == "story-0001"
    bid = HTTP.post(f"{api}/bids/", json=buy("room", 5000), headers=trader.headers())
    assert bid.headers["x-request-id"].startswith("req-")
    key = {"Authorization": f"Bearer {trader.key}"}
    with connect(talkative.socket_url + f"/ws/v1/markets/{market.ref}/", additional_headers=key, proxy=None) as socket:
        socket.send(json.dumps({"id": 1, "type": "bid.submit", "key": "k", "data": buy("room", 5100)}))
        socket.recv(timeout=20)
    odd = HTTP.get(f"{talkative.url}/downloads/a-token-that-opens-a-file/", headers=key | {"X-Request-ID": "a_b c"})
    assert odd.headers["x-request-id"].startswith("req-")
    assert HTTP.post(f"{talkative.url}/mcp", json={}, headers=key | mine).headers["x-request-id"] == "story-0001"
    assert HTTP.get(f"{talkative.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    close_now(market)
    until(lambda: Market.objects.get(pk=market.pk).state == Market.State.SETTLED)

    part = Participation.objects.get(market=market, agent=trader.agent)
    assert (part.caused_by, part.authorisation.caused_by) == ("story-0001", "story-0001")
    (round_,) = market.rounds.all()
    assert round_.caused_by.startswith("sweep-")
    assert {each.caused_by for each in Obligation.objects.filter(round_ref=round_.ref)} == {round_.caused_by}
    raw = talkative.log.read_text()
    told = lines(raw[raw.index("{") :])
    assert [line["route"] for line in told if line.get("request") == "story-0001"][:1] == [
        "api/v1/markets/<ref:market_ref>/participations/"
    ]
    assert {line["sweep"] for line in told if line.get("request") == round_.caused_by} == {"markets.close_due"}
    assert [line for line in told if line.get("logger") == "websockets.server"] == []
    secret = [trader.key, configured.SECRET_KEY, configured.STRIPE_API_KEY, configured.STRIPE_WEBHOOK_SECRET, TOKEN]
    secret += [bid.json()["nonce"], "a-token-that-opens-a-file", "atoms"]
    assert [word for word in secret if word in raw] == []


def test_a_sweep_says_whose_request_it_works_for(written: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(act) -> None:
        raise stripe.APIConnectionError("timeout")

    market, trader = open_a_market(), Trader()
    with monkeypatch.context() as cut:
        cut.setattr(gateway, "client", lambda: unreachable(None))
        with tracing.caused_by("req-story-2"):
            part = trader.join(market)
        Authorisation.objects.update(due_at=part.created_at)
        sweeps.run_due()
    assert part.caused_by == "req-story-2"
    said = [line for line in lines(written.getvalue()) if line["said"].startswith("Stripe gave no clear answer")]
    assert [(line["request"], line.get("sweep")) for line in said] == [
        ("req-story-2", None),
        ("req-story-2", "settlement.authorisations"),
    ]


def test_a_sweep_without_a_known_request_has_an_id_of_its_own(written: StringIO) -> None:
    close_now(open_a_market())
    sweeps.run_due()
    told = [line for line in lines(written.getvalue()) if line.get("sweep") == "markets.close_due"]
    assert [line["said"] for line in told] == ["sweep markets.close_due took up 1"]
    assert told[0]["request"].startswith("sweep-")


def test_the_writer_says_whose_bid_it_could_not_store(written: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(books: Books, acts: list) -> list:
        raise OperationalError("the disk is full")

    market, trader = open_a_market(), Trader()
    trader.join(market)
    monkeypatch.setattr(Books, "decide", full)
    with tracing.caused_by("req-story-3"), pytest.raises(Refusal, match="could not be stored"):
        trader.bid(market, buy("room", 5000))
    (line,) = [line for line in lines(written.getvalue()) if line["said"] == "a bid could not be committed"]
    assert (line["request"], line["level"]) == ("req-story-3", "error")
    assert "the disk is full" in line["exception"]


@pytest.mark.parametrize(
    "text",
    [
        "key wk_test_abc123 of an agent",
        "Authorization: Bearer abc.def-123",
        "sk_test_51Habc and whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "Not Found: /downloads/ImV4cF8x:1w:abc/",
        "Gone: /accounts/password/reset/key/2-abc-def/",
        "Gone: /accounts/confirm-email/MTA:1w:abc/",
    ],
)
def test_what_looks_like_a_key_is_masked_whoever_says_it(written: StringIO, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("a.library").exception("%s", text)
    (line,) = lines(written.getvalue())
    assert all(MASK in line[name] for name in ("said", "exception"))
    for word in ("abc", "MfKQ", "ImV4", "MTA"):
        assert word not in written.getvalue()
