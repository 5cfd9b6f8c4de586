"""Whether the sellers of a market can be paid: one whose seller cannot does not open."""

from datetime import timedelta
from typing import Any

from marketplace.agents.models import Agent
from marketplace.core import clock
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.requests import buyer_of
from marketplace.settlement.models import PayoutAccount

ABSENT = "absent"
RETRY = timedelta(seconds=15)
FIX = "Have each seller complete its payout account (POST payout-accounts/ gives the page), then open the market."

OWN_FIX = "Complete your payout account (POST payout-accounts/ gives the page), then join."


def refuse_unpayable(market: Market) -> None:
    """Refuse a market of which a seller's payout account is not enabled; says which, and what Stripe waits for."""
    lots = market.lots.exclude(seller=None).select_related("seller__principal__payout_account").order_by("name")
    found = {lot.seller.ref: _standing(lot.seller.principal) for lot in lots if lot.seller is not None}
    unpayable = [{"seller": ref, **standing} for ref, standing in found.items() if standing["state"] != "enabled"]
    if unpayable:
        said = "; ".join(_words(each) for each in unpayable)
        detail = f"Not every seller can be paid: {said}."
        raise Refusal(409, "seller_not_payable", detail, FIX, extra={"sellers": unpayable})


def refuse_unpayable_offerer(market: Market, agent: Agent) -> None:
    """Refuse to let one offer to a request who could not be paid; its buyer needs no account."""
    buyer = buyer_of(market)
    if buyer is None or buyer.pk == agent.pk:
        return
    standing = _standing(agent.principal)
    if standing["state"] != "enabled":
        seller = {"seller": agent.ref, **standing}
        detail = f"Who offers must be payable: {_words(seller)}."
        raise Refusal(409, "seller_not_payable", detail, OWN_FIX, extra={"sellers": [seller]})


def put_off(market: Market, refusal: Refusal) -> None:
    """A draft that may not open yet: why stands in its row, and it is tried again at its next turn."""
    later = clock.now() + RETRY
    Market.objects.filter(pk=market.pk).update(opening_refused=refusal.detail[:500], open_again_at=later)


def _standing(principal: Any) -> dict[str, Any]:
    account: PayoutAccount | None = getattr(principal, "payout_account", None)
    if principal.suspended_at is not None:
        return {"state": "suspended", "due": []}
    return {"state": account.state, "due": account.due} if account else {"state": ABSENT, "due": []}


def _words(seller: dict[str, Any]) -> str:
    what = "has no payout account" if seller["state"] == ABSENT else f"is {seller['state']}"
    return f"{seller['seller']} {what}" + (f" (due: {', '.join(seller['due'])})" if seller["due"] else "")
