"""Tools that act: joining, previewing, bidding, withdrawing; by the services and answers of every other door."""

from typing import Any

import msgspec

from marketplace.bidding.answers import participation_answer, standing_answer
from marketplace.bidding.books import second_bid
from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.participations import join_market
from marketplace.bidding.previews import preview_bid
from marketplace.core import limits
from marketplace.doors.answer import answer_bid, answer_withdrawal
from marketplace.doors.mcp import shapes
from marketplace.doors.mcp.call import Call
from marketplace.doors.mcp.fitting import fitted, page, short_turn
from marketplace.doors.moving import answer_move
from marketplace.doors.paging import Paging, newest_first
from marketplace.doors.threads import in_thread
from marketplace.markets.terms import find_market, terms_of

Said = dict[str, Any]
AFTER_JOIN = {
    "pending": "wait for participation.active, then bid.",
    "asking": "ask_my_person with this checkin; then wait for participation.active. Without a yes nothing is done.",
}
AFTER_BID = "wait for round.cleared, then outcome. To change it: bid again with replaces set to this id, or withdraw."
AFTER_MOVE = {
    False: "wait: it tells when it is your turn, and what is legal then.",
    True: "It is over: wait for round.cleared, then outcome.",
}
AFTER_PREVIEW = "If means is what your person wants: bid with the same arguments."
MY_BIDS = "The one whose status is accepted stands. Contents are read back to nobody, not to you either."


@in_thread
def join(call: Call) -> Said:
    """Join a market; the same call after a declined one is a new try."""
    stated = call.shaped(shapes.Join)
    market = find_market(stated.market)
    tries = Participation.objects.filter(market=market, agent_id=call.identity.agent_id)
    declined = tries.filter(state=Participation.State.REFUSED).count()
    joined = join_market(market=market, identity=call.identity, limit_minor=stated.limit_minor, key=call.key(declined))
    following = AFTER_JOIN.get(joined.state, "preview a bid, then bid.")
    return fitted(participation_answer(joined, terms_of(market.ref)), following)


@in_thread
def preview(call: Call) -> Said:
    """What a bid would do."""
    market_ref, stated = call.about_a_bid()
    seen = preview_bid(value=stated, identity=call.identity, terms=terms_of(market_ref))
    return fitted(seen, AFTER_PREVIEW if seen["would"] == "accepted" else seen["next"])


async def bid(call: Call) -> Said:
    """Bid; the same call again is the same bid, unless that one was withdrawn since."""
    market_ref, stated = call.about_a_bid()
    _, withdrawn = await _standing(call, market_ref)
    reply = await answer_bid(stated, call.key(withdrawn), call.identity, market_ref)
    answer = msgspec.json.decode(reply.body)
    standing, _ = await _standing(call, market_ref)
    if standing not in (None, answer["id"]):
        raise second_bid(standing)  # the answer was that of an earlier bid, which another has replaced since
    return fitted(answer, AFTER_BID)


async def move(call: Call) -> Said:
    """Make a move; the same call again is the same move, for its number is part of it."""
    stated = call.shaped(shapes.Move)
    value = {"type": stated.type, "data": stated.data, "n": stated.n}
    reply = await answer_move(value, call.key(0), call.identity, stated.market)
    answer = msgspec.json.decode(reply.body)
    return fitted({**answer, "turn": short_turn(answer["turn"])}, AFTER_MOVE[answer["turn"]["over"]])


async def withdraw(call: Call) -> Said:
    """Take a bid back."""
    stated = call.shaped(shapes.OneBid)
    reply = await answer_withdrawal(stated.bid, call.identity, stated.market)
    return fitted(msgspec.json.decode(reply.body), "Nothing of yours stands in this market now; you may bid again.")


@in_thread
def my_bids(call: Call) -> Said:
    """The caller's bids, newest first."""
    stated = call.shaped(shapes.MyBids)
    rows = Bid.objects.filter(participation__agent_id=call.identity.agent_id).select_related("participation", "market")
    own = rows if stated.market is None else rows.filter(market=find_market(stated.market))
    found, cursor = newest_first(own, Paging(stated.cursor, limits.PAGE_ROWS))
    shown = [standing_answer(row, row.participation.ref, row.market.ref) for row in found]
    return page({"bids": shown}, "bids", cursor, MY_BIDS)


@in_thread
def _standing(call: Call, market_ref: str) -> tuple[str | None, int]:
    """The caller's standing bid in a market, and how many it has withdrawn there."""
    own = Bid.objects.filter(market__ref=market_ref, participation__agent_id=call.identity.agent_id)
    standing = own.filter(status=Bid.Status.ACCEPTED).values_list("ref", flat=True).first()
    return standing, own.filter(status=Bid.Status.WITHDRAWN).count()
