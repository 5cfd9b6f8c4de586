"""Sealing: who can open a bid and when, what keys last, and what tampering with rows comes to."""

import json
import os
import time
from pathlib import Path

import pytest
from django.conf import settings

from marketplace.bidding.models import Bid
from marketplace.bidding.sealing import Opener, Sealer, sealer
from marketplace.clearing import sweeps
from marketplace.clearing.release import NotReleased, released_bids
from marketplace.core import boxes, limits, streams
from marketplace.core.clearing_keys import CustodyError, make_pair, public_key, secret_pair
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
    assert {len(row) for row in rows} == {32 + 24 + boxes.LEAST_BYTES + 16}
    assert not any(b"atoms" in row or b"room" in row for row in rows)
    assert len({row[:32] for row in rows}) == 1
    clearing = secret_pair(settings.CLEARING_SECRET_FILE)
    assert market.clearing_key == clearing.public.hex()
    secret = boxes.unseal(clearing.secret, bytes(market.sealed_bid_key))
    opener = Opener(secret)
    stated = sorted(json.loads(opener.opened(row)[1])["atoms"][0]["value"] for row in rows)
    assert stated == sorted(VALUES)
    with pytest.raises(boxes.BoxError):
        boxes.unseal(boxes.new_key(), bytes(market.sealed_bid_key))
    other = boxes.unseal(clearing.secret, bytes(open_a_market().sealed_bid_key))
    for opening in (other, boxes.new_key()):
        with pytest.raises(boxes.BoxError):
            Opener(opening).opened(rows[0])


def test_an_epoch_serves_every_market_for_so_long(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there, own = terms_of(market.ref), terms_of(open_a_market().ref), Sealer()
    rows = [own.seal(terms, bytes(32), b"{}") for terms in (here, there, here)]
    assert len({row[:32] for row in rows}) == 1
    assert len(set(rows)) == 3
    monkeypatch.setattr(limits, "EPOCH_MARKETS", 2)
    assert own.seal(here, bytes(32), b"{}")[:32] != rows[0][:32]


def test_an_epoch_s_secret_is_forgotten_in_time_also_where_no_bid_follows(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EPOCH_SECONDS", 0.01)
    own = Sealer()
    first = own.seal(terms_of(market.ref), bytes(32), b"{}")
    until = time.monotonic() + 10
    while own._epoch is not None and time.monotonic() < until:
        time.sleep(0.01)
    assert own._epoch is None
    assert own.seal(terms_of(market.ref), bytes(32), b"{}")[:32] != first[:32]


def test_bids_of_several_epochs_are_opened_together(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "_epoch", None)
    late = Trader()
    late.join(market)
    late.bid(market, buy("room", 6000))
    assert len({bytes(row)[:32] for row in Bid.objects.values_list("content", flat=True)}) == 2
    assert len(released_bids(round_=closed(market))) == 3


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


@pytest.mark.parametrize("tampering", ["moved", "changed", "no epoch", "other market's key", "other clearing key"])
def test_tampering_with_rows_fails_the_round_in_words(market: Market, tampering: str) -> None:
    round_ = closed(market)
    one, two = Bid.objects.order_by("pk")
    if tampering == "moved":
        Bid.objects.filter(pk=one.pk).update(content=bytes(two.content))
    elif tampering == "changed":
        Bid.objects.filter(pk=one.pk).update(receipt=two.receipt[::-1])
    elif tampering == "no epoch":
        Bid.objects.filter(pk=one.pk).update(content=bytes(32) + bytes(one.content)[32:])
    elif tampering == "other market's key":
        Market.objects.filter(pk=market.pk).update(sealed_bid_key=bytes(open_a_market().sealed_bid_key))
    else:
        Market.objects.filter(pk=market.pk).update(clearing_key="00" * 32)
    assert sweeps.clear_due() == 1
    round_.refresh_from_db()
    assert round_.state == "failed"
    assert any(
        words in round_.failure
        for words in ("not the one that its receipt", "does not open", "no public key", "another clearing")
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
