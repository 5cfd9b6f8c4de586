"""Releasing a closed market's bids to its clearing: logged for all, then opened, each held against its receipt."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from django.conf import settings
from django.db import transaction

from marketplace.bidding.inclusion import publish_root
from marketplace.bidding.models import Bid
from marketplace.bidding.sealing import Opener
from marketplace.core import boxes, clock, streams
from marketplace.core.clearing_keys import secret_pair
from marketplace.markets.models import Market, Round
from mechanisms.check.receipts import receipt_of

ACTOR = "clearing"  # who opens bids: no person can, the clearing's secret stands behind no door


class NotReleased(Exception):
    """The bids may not be opened, or are not what was acknowledged; the words are for an operator."""


@dataclass(frozen=True, slots=True)
class OpenedBid:
    """A standing bid in clear."""

    bid: str
    participation: str
    nonce: bytes
    content: bytes

    def stated(self) -> dict[str, object]:
        """The bid as a problem writes it."""
        said: dict[str, object] = {"agent": self.participation}
        return said | msgspec.json.decode(self.content)


def released_bids(*, round_: Round) -> list[OpenedBid]:
    """Every standing bid of a closed market, by participation; the release is public before the first one is open."""
    market = _logged(round_)
    return list(_opened(market, _opener(market)))


@transaction.atomic
def _logged(round_: Round) -> Market:
    """Check state and clock under the market's lock, and append the event that names actor and reason."""
    market = Market.objects.select_for_update().get(pk=round_.market_id)
    now = clock.now()
    if market.state != Market.State.CLOSED or market.closes_at > now:
        raise NotReleased(f"the market is {market.state} until {clock.stamp(market.closes_at)}")
    publish_root(market=market)
    facts = {"round": round_.ref, "n": round_.n, "actor": ACTOR, "reason": round_.reason}
    streams.append_all([streams.Entry(market.stream, "key.released", facts, forwarded=False)], now)
    market.refresh_from_db()
    return market


def _opener(market: Market) -> Opener:
    clearing = secret_pair(settings.CLEARING_SECRET_FILE)
    if clearing.public.hex() != market.clearing_key:
        raise NotReleased(f"the market is sealed to another clearing key, {market.clearing_key[:16]}…")
    return Opener(boxes.unseal(clearing.secret, bytes(market.sealed_bid_key)))


def _opened(market: Market, opener: Opener) -> Iterator[OpenedBid]:
    standing = Bid.objects.filter(market=market, status=Bid.Status.ACCEPTED).order_by("participation__ref")
    rows = standing.values_list("ref", "participation__ref", "receipt", "content")
    for ref, participation, receipt, row in rows.iterator(chunk_size=2000):
        nonce, content = opener.opened(bytes(row))
        if receipt_of(nonce, market.ref, ref, participation, content) != receipt:
            raise NotReleased(f"the bid {ref} is not the one that its receipt was given for")
        yield OpenedBid(ref, participation, nonce, content)
