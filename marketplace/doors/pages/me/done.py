"""Done: each deal in a sentence, with its receipt, its explanation and what it cost."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from marketplace.agents.models import Principal
from marketplace.bidding.models import Bid, Participation
from marketplace.clearing.explanations import outcome_answer
from marketplace.core import limits
from marketplace.core.models import Event
from marketplace.core.money import minor_text
from marketplace.doors.pages.me.person import of_person, page
from marketplace.settlement.models import Obligation

KEPT = 40
MONEY = {
    "pending": "being charged",
    "unknown": "being charged",
    "paid": "paid",
    "defaulted": "could not be charged",
    "refunded": "paid back",
    "held_for_seller": "waits for your payout account",
}
DISPUTED = "waits for a bank to decide: a payer's cardholder disputes the charge"


@of_person
def done_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """What came of markets that cleared, newest first."""
    deals = [_deal(row) for row in _cleared(principal)[:KEPT]]
    return page(request, "done", principal, {"here": "done", "deals": deals})


@of_person
def deal_page(request: HttpRequest, principal: Principal, participation_ref: str) -> HttpResponse:
    """One deal with everything that is known of it."""
    row = _cleared(principal).filter(ref=participation_ref).first()
    if row is None:
        raise Http404
    answer = outcome_answer(row.market, row.ref)
    bids = Bid.objects.filter(participation=row).order_by("-seq")[: limits.PAGE_ROWS]
    moves = Obligation.objects.filter(reference=row.ref).order_by("pk")
    money = [f"{minor_text(move.amount_minor, move.currency)} {_became(move)}" for move in moves]
    more = {"why": answer["why"], "digest": answer["digest"], "bids": bids, "money": money}
    return page(request, "deal", principal, {"here": "done", "deal": _deal(row), **more})


def _became(move: Obligation) -> str:
    return DISPUTED if move.state == "held_for_seller" and move.last_error.startswith("disputed") else MONEY[move.state]


def _cleared(principal: Principal) -> Any:
    rows = Participation.objects.filter(agent__principal=principal, market__rounds__state="cleared", state="active")
    return rows.select_related("market", "agent", "authorisation__payment_method").order_by("-market__closes_at")


def _deal(row: Participation) -> dict[str, Any]:
    """A deal as a sentence: what was got, for what, and what was set aside for it."""
    told = Event.objects.filter(stream__name=row.stream, kind="round.cleared").order_by("-seq").first()
    facts = json.loads(told.payload) if told else {}
    hold = row.authorisation
    return {
        "row": row,
        "won": facts.get("won", False),
        "what": _things(facts.get("bundle", {})),
        "means": facts.get("means", ""),
        "cost": minor_text(hold.captured_minor, hold.currency) if hold and hold.captured_minor else None,
        "limit": minor_text(row.limit_minor, row.market.currency),
        "card": hold.payment_method if hold else None,
    }


def _things(bundle: dict[str, int]) -> str:
    verbs = {True: "Bought", False: "Sold"}
    return "; ".join(f"{verbs[units > 0]} {abs(units)} × {lot}" for lot, units in sorted(bundle.items()) if units)
