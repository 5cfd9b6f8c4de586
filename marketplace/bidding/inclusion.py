"""What proves that a bid was in: the root of all receipts, published at the close, and each bidder's way to it."""

from functools import lru_cache
from typing import Any

from django.db import transaction

from marketplace.bidding.models import Bid, Move
from marketplace.core import clock, limits, streams
from marketplace.core.refusals import Refusal, not_found
from marketplace.markets.models import Market
from marketplace.markets.turns import by_turns
from mechanisms.check.receipts import Step, leaf_of, proof_of, root_of, tie_seed_of, tree_of

CLOSED = (Market.State.CLOSED, Market.State.SETTLED)


@transaction.atomic
def publish_root(*, market: Market) -> str:
    """Publish, once, the root of all receipts of a closed market, and the seed that was committed to; the root.

    No bid comes or changes after the close, so whoever does this first, and when, makes no difference.
    """
    locked = Market.objects.select_for_update().get(pk=market.pk)
    if locked.receipts_root or locked.state not in CLOSED:
        return locked.receipts_root
    tree = _tree(locked.pk)
    root = root_of(tree)
    Market.objects.filter(pk=locked.pk, receipts_root="").update(receipts_root=root)
    facts = {
        "root": root,
        "bids": len(tree[0]),
        "seed": locked.seed,
        "tie_seed": locked.seed if by_turns(locked.mechanism) else tie_seed_of(root, locked.seed),
    }
    streams.append_all([streams.Entry(locked.stream, "receipts.published", facts, forwarded=False)], clock.now())
    return root


def publish_due() -> int:
    """Publish what is due."""
    due = Market.objects.filter(state__in=CLOSED, receipts_root="").order_by("closes_at")[: limits.SWEEP_BATCH]
    return sum(bool(publish_root(market=market)) for market in due)


def proof_answer(market: Market, bid_ref: str, agent_id: int) -> dict[str, Any]:
    """What a bidder needs, beside its own bid and nonce, to prove to anybody that its bid was in."""
    bid = _own(Bid, market, bid_ref, agent_id) or _own(Move, market, bid_ref, agent_id)
    if bid is None:
        raise not_found("bid", bid_ref)
    if not market.receipts_root:
        raise Refusal(409, "not_closed", "The market has not closed yet.", "Wait for the event receipts.published.")
    status = getattr(bid, "status", Bid.Status.ACCEPTED)  # a move stands for ever
    return {
        "market": market.ref,
        "bid": bid.ref,
        "participation": bid.participation.ref,
        "status": status,
        "receipt": bid.receipt,
        "proof": _proof(market.pk, market.receipts_root, leaf_of(bid.receipt, status)),
        "root": market.receipts_root,
    }


def _own(model: Any, market: Market, ref: str, agent_id: int) -> Any:
    rows = model.objects.filter(market=market, ref=ref, participation__agent_id=agent_id)
    return rows.select_related("participation").first()


def _proof(market_id: int, root: str, leaf: bytes) -> list[Step]:
    tree = _kept_tree(market_id, root)
    if root_of(tree) != root:
        raise RuntimeError("the bids in the database are not those whose root was published")
    return proof_of(tree, leaf)


@lru_cache(maxsize=8)
def _kept_tree(market_id: int, root: str) -> list[list[bytes]]:
    """The tree behind a published root; it never changes."""
    return _tree(market_id)


def _tree(market_id: int) -> list[list[bytes]]:
    rows = Bid.objects.filter(market_id=market_id).values_list("receipt", "status")
    bids = (leaf_of(receipt, status) for receipt, status in rows.iterator(chunk_size=2000))
    moves = Move.objects.filter(market_id=market_id).exclude(receipt="").values_list("receipt", flat=True)
    return tree_of([*bids, *(leaf_of(receipt, Bid.Status.ACCEPTED) for receipt in moves)])
