"""Sealing: who can open a bid and when, what keys last, and what tampering with rows comes to."""

import json
import os
from pathlib import Path

import pytest
from django.conf import settings

from marketplace.bidding.books import Books
from marketplace.bidding.models import Bid, EpochKey
from marketplace.bidding.sealing import Sealer, epoch_of, opened
from marketplace.clearing import sweeps
from marketplace.clearing.release import NotReleased, released_bids
from marketplace.core import boxes, limits, streams
from marketplace.core.clearing_keys import CustodyError, make_pair, public_key, secret_pair
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from marketplace.markets.services import close_market, new_round
from marketplace.markets.terms import terms_of
from tests.factories import Trader, buy, close_now, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
VALUES = (5000, 7000)


@pytest.fixture
def market() -> Market:
    """An open market with two bids."""
    market = open_a_market()
    for value in VALUES:
        trader = Trader()
        trader.join(market)
        trader.bid(market, buy("room", value))
    return market


def closed(market: Market) -> Round:
    """The market's pending round."""
    close_now(market)
    round_ = close_market(market=market)
    assert round_ is not None
    return round_


def test_a_bid_is_one_padded_box_that_only_the_clearing_opens(market: Market) -> None:
    rows = [bytes(row) for row in Bid.objects.values_list("content", flat=True)]
    assert {len(row) for row in rows} == {16 + 24 + boxes.LEAST_BYTES + 16}
    assert not any(b"atoms" in row or b"room" in row for row in rows)
    epoch = EpochKey.objects.get()
    assert {epoch_of(row) for row in rows} == {bytes(epoch.ref)}
    clearing = secret_pair(settings.CLEARING_SECRET_FILE)
    assert market.clearing_key == clearing.public.hex()
    secret = boxes.unseal(clearing.secret, bytes(market.sealed_bid_key))
    key = boxes.unseal(secret, bytes(epoch.sealed_key))
    stated = sorted(json.loads(opened(key, row).content)["atoms"][0]["value"] for row in rows)
    assert stated == sorted(VALUES)
    with pytest.raises(boxes.BoxError):
        boxes.unseal(boxes.new_key(), bytes(market.sealed_bid_key))


def test_keys_are_renewed_after_so_many_bids_and_so_long(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EPOCH_BIDS", 2)
    terms, sealer = terms_of(market.ref), Sealer()
    seals = [sealer.seal(terms, bytes(32), b"{}") for _ in range(5)]
    assert len({epoch.ref for epoch, _ in seals}) == 3
    monkeypatch.setattr(limits, "EPOCH_SECONDS", -1)
    assert len({sealer.seal(terms, bytes(32), b"{}")[0].ref for _ in range(2)}) == 2
    assert len({box for _, box in seals}) == 5


def test_a_key_whose_group_failed_is_stored_with_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bid is never acknowledged without a stored key that opens it."""
    market, trader = open_a_market(), Trader()
    trader.join(market)
    honest = Books.decide

    def failing(books: Books, acts: list) -> list:  # the fault: decided, sealed, and then not written
        honest(books, acts)
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Books, "decide", failing)
        with pytest.raises(Refusal, match="could not be stored"):
            trader.bid(market, buy("room", 5000))
    assert not EpochKey.objects.exists()
    trader.bid(market, buy("room", 5000))
    assert len(released_bids(round_=closed(market))) == 1


def test_nothing_is_released_before_the_close_and_each_release_is_public(market: Market) -> None:
    early = new_round(market=market, at=market.created_at)
    with pytest.raises(NotReleased, match="open until"):
        released_bids(round_=early)
    assert "key.released" not in {event.kind for event in streams.read(market.stream)}
    Round.objects.all().delete()
    assert len(released_bids(round_=closed(market))) == 2
    release = [json.loads(event.payload) for event in streams.read(market.stream) if event.kind == "key.released"]
    assert [(row["actor"], row["reason"]) for row in release] == [("clearing", "the market closed")]


def test_the_child_has_the_clearing_s_secret_and_not_that_of_web_processes(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    from marketplace.clearing import workers  # noqa: PLC0415 - its private function

    monkeypatch.setenv("WALRAS_SECRET_KEY", "x" * 50)
    assert "WALRAS_SECRET_KEY" not in workers._environment()
    closed(market)
    assert sweeps.clear_due() == 1
    assert market.rounds.get().state == "cleared"


@pytest.mark.parametrize("tampering", ["moved", "changed", "other market's key", "other clearing key"])
def test_tampering_with_rows_fails_the_round_in_words(market: Market, tampering: str) -> None:
    round_ = closed(market)
    one, two = Bid.objects.order_by("pk")
    if tampering == "moved":
        Bid.objects.filter(pk=one.pk).update(content=bytes(two.content))
    elif tampering == "changed":
        Bid.objects.filter(pk=one.pk).update(receipt=two.receipt[::-1])
    elif tampering == "other market's key":
        Market.objects.filter(pk=market.pk).update(sealed_bid_key=bytes(open_a_market().sealed_bid_key))
    else:
        Market.objects.filter(pk=market.pk).update(clearing_key="00" * 32)
    assert sweeps.clear_due() == 1
    round_.refresh_from_db()
    assert round_.state == "failed"
    assert any(
        words in round_.failure for words in ("not the one that its receipt", "does not open", "another clearing")
    )


def test_the_clearing_s_secret_is_made_once_and_refused_where_others_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    public = public_key("", file)  # made in a process of its own
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert (make_pair(file), public_key("", file)) == (public, public)
    assert secret_pair(file).public == public
    assert public_key("00" * 32, file) == bytes(32)
    os.chmod(file, 0o640)
    with pytest.raises(CustodyError, match="chmod 600"):
        secret_pair(file)
    with pytest.raises(CustodyError, match="neither"):
        secret_pair(tmp_path / "missing")


def test_clearing_workers_may_have_the_secret_in_their_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = boxes.new_pair()
    monkeypatch.setenv("WALRAS_CLEARING_SECRET", pair.secret.hex())
    assert secret_pair(tmp_path / "missing") == pair
