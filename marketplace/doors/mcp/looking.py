"""Tools that look: who am I, which markets, what happened, and why."""

from typing import Any

import msgspec

from marketplace.bidding.inclusion import proof_answer
from marketplace.clearing.explanations import outcome_answer
from marketplace.core import clock
from marketplace.core.refusals import Refusal
from marketplace.core.untrusted import untrusted
from marketplace.doors.finding import found_markets
from marketplace.doors.mcp import shapes
from marketplace.doors.mcp.call import Call, encoded
from marketplace.doors.mcp.fitting import fitted, page
from marketplace.doors.rest.markets import market_answer
from marketplace.doors.rest.me import me_answer
from marketplace.doors.rest.trading import own_participations
from marketplace.doors.threads import in_thread
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Market
from marketplace.markets.terms import find_market

Said = dict[str, Any]
LOTS_IN_LIST = 5
TITLE, DESCRIPTION = 120, 300  # characters of others' text
FOUND = "find_markets with one market's id shows all of it; explain says how its rule works; join to bid."
SHOWN_OF_OUTCOME = ("market", "round", "status", "prices", "prices_text", "traded", "disclosure", "welfare", "revenue")


@in_thread
def whoami(call: Call) -> Said:
    """The caller, its person and its limits."""
    call.shaped(shapes.Nothing)
    return fitted(me_answer(call.identity), "find_markets shows what is open.")


@in_thread
def find_markets(call: Call) -> Said:
    """Markets by filters, or one in full."""
    wanted = call.shaped(shapes.Find)
    if wanted.market is not None:
        return fitted(whole_market(find_market(wanted.market)), "join with a limit, then preview and bid.")
    filters = {name: str(value) for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    rows, cursor = found_markets({"state": Market.State.OPEN} | filters, call.identity)
    listed = {"markets": [_row(row) for row in rows], "server_time": clock.stamp(clock.now())}
    return page(listed, "markets", cursor, FOUND)


@in_thread
def outcome(call: Call) -> Said:
    """What a market came to, and the caller's own part."""
    told = _outcome(call)
    shown = {name: told[name] for name in (*SHOWN_OF_OUTCOME, "mine") if name in told}
    return fitted(shown, "explain says why. What you owe is collected from the hold by itself.")


@in_thread
def proof(call: Call) -> Said:
    """That the caller's bid was in."""
    named = call.shaped(shapes.OneBid)
    told = proof_answer(find_market(named.market), named.bid, call.identity.agent_id)
    return fitted(told, "docs/verify_receipt.py checks it with the bid, its acknowledgement and the published root.")


@in_thread
def explain(call: Call) -> Said:
    """Why the outcome is what it is; before there is one, how the rule works."""
    try:
        told = _outcome(call)
    except Refusal as refusal:
        if refusal.code != "not_cleared":
            raise
        return _how(find_market(call.shaped(shapes.OneMarket).market))
    why = told.get("why", "You took no part in this market.")
    return fitted({"market": told["market"], "why": why}, "GET /api/v1/markets/{id}/outcome/ has all that is public.")


def _outcome(call: Call) -> Said:
    market_ref = call.shaped(shapes.OneMarket).market
    own = own_participations(market_ref, call.identity.agent_id)
    return outcome_answer(find_market(market_ref), own[0].ref if own else None)


def _how(market: Market) -> Said:
    spec = rule(market.mechanism)
    held = [claim.name for claim in spec.claims if claim.status == "holds"]
    said = {"market": market.ref, "rule": spec.title, "summary": spec.summary, "promises": held}
    advice = "Under this rule it is best to bid your true value." if "truthful" in held else "Bid with care."
    return fitted(said, f"{advice} There is no outcome yet: wait for round.cleared.")


def _row(market: Market) -> Said:
    lots = list(market.lots.all())
    return {
        "id": market.ref,
        "title": untrusted(market.title, TITLE),
        "mechanism": market.mechanism,
        "state": market.state,
        "currency": market.currency,
        "exponent": market.exponent,
        "closes_at": clock.stamp(market.closes_at),
        "lots": [{"id": lot.name, "reserve": lot.reserve} for lot in lots[:LOTS_IN_LIST]],
        "lots_in_all": len(lots),
    }


def whole_market(market: Market) -> Said:
    """A market in full, every text of others marked and short."""
    told = market_answer(market) | {
        "title": untrusted(market.title, TITLE),
        "description": untrusted(market.description, DESCRIPTION),
    }
    told["lots"] = [_lot(lot) for lot in told["lots"]]
    return told


def _lot(lot: Said) -> Said:
    attributes = {"attributes": untrusted(encoded(lot["attributes"]), DESCRIPTION)} if lot["attributes"] else {}
    title = {"title": untrusted(lot["title"]["untrusted_text"], TITLE)} if lot["title"]["untrusted_text"] else {}
    return {"id": lot["id"], **title, "supply": lot["supply"], "reserve": lot["reserve"], **attributes}
