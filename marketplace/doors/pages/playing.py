"""A market of moves played by hand: a person sits down as one of its agents, and offers, accepts, bids."""

import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent, Principal
from marketplace.bidding.models import Participation
from marketplace.bidding.move_answers import means, turn_answer, visible_moves
from marketplace.bidding.moves import submit_move
from marketplace.bidding.participations import join_market
from marketplace.bidding.turns import mover
from marketplace.core import limits
from marketplace.core.idempotency import checked_key
from marketplace.core.money import amount_text, minor_exponent
from marketplace.core.refusals import Refusal
from marketplace.doors.pages.me.person import agents_of, attempt, of_person, page
from marketplace.markets.models import Market
from marketplace.markets.terms import Terms, find_market, terms_of
from marketplace.markets.turns import haggles

BY_HAND = ("alternating_offers", "ultimatum", "english", "dutch")
PLAIN = {"accept": "Accept", "reject": "Reject", "walk_away": "Walk away", "exit": "Leave"}


@of_person
def play_page(request: HttpRequest, principal: Principal, market_ref: str) -> HttpResponse:
    """How it stands for the person's agent, and what it may do now."""
    market = _market(market_ref)
    agents = [agent for agent in agents_of(principal) if agent.stopped_at is None]
    seat = Participation.objects.filter(market=market, agent__in=agents).exclude(state="refused").first()
    if request.method == "POST":
        attempt(request, lambda: _acted(request.POST, market, seat, agents), "")
        return redirect("me-play", market_ref=market.ref)
    return page(request, "play", principal, _shown(market, seat, agents))


def _market(ref: str) -> Market:
    try:
        market = find_market(ref)
    except Refusal:
        raise Http404 from None
    if market.mechanism not in BY_HAND:
        raise Http404
    return market


def _acted(form: Mapping[str, str], market: Market, seat: Participation | None, agents: list[Agent]) -> object:
    """Sit down, or make the move that the form says; the same form sent twice acts once."""
    key = checked_key(str(form.get("once", "")))
    if seat is None:
        agent = next((agent for agent in agents if agent.ref == form.get("agent")), None)
        if agent is None:
            raise Refusal(422, "agent_not_found", "That is no agent of yours.", "Choose one.", "/agent")
        limit = _amount(form.get("limit", ""), minor_exponent(market.currency))
        return join_market(market=market, identity=_identity(agent), limit_minor=limit, key=key)
    answers = {"n": int(form.get("n") or 0)} if haggles(market.mechanism) else {}  # elsewhere others move meanwhile
    value = {"type": str(form.get("type", "")), "data": _data(form, market), **answers}
    return submit_move(value=value, key=key, identity=_identity(seat.agent), terms=terms_of(market.ref))


def _identity(agent: Agent) -> Identity:
    return Identity(agent.pk, agent.ref, agent.principal_id, frozenset({"read", "trade"}), "")


def _data(form: Mapping[str, str], market: Market) -> dict[str, Any]:
    kind = form.get("type")
    if kind == "offer":
        issues = enumerate(market.agenda["issues"].items())
        return {"agreement": {name: _chosen(values, form.get(f"issue-{at}", "")) for at, (name, values) in issues}}
    if kind == "bid":
        return {"amount": _amount(form.get("amount", ""), market.exponent)}
    if kind == "accept" and not haggles(market.mechanism):
        return {"price": int(form.get("price") or 0)}
    return {}


def _chosen(values: list[str | int], place: str) -> str | int:
    """The value that stands at this place of the list."""
    return values[int(place)] if place.isdigit() and int(place) < len(values) else ""


def _amount(text: str, exponent: int) -> int:
    """What a person writes, such as 120.50, in whole units."""
    try:
        units = Decimal(text.replace(",", ".")).scaleb(exponent)
    except InvalidOperation:
        units = Decimal(-1)
    if not 0 <= units <= limits.ISSUE_MOST or units % 1:
        raise Refusal(422, "out_of_range", f"{text[:20]!r} is no amount here.", "Write one such as 120.50.", "/amount")
    return int(units)


def _shown(market: Market, seat: Participation | None, agents: list[Agent]) -> dict[str, Any]:
    terms = terms_of(market.ref)
    turn = turn_answer(market, seat) if seat is not None and seat.state == Participation.State.ACTIVE else None
    moves = visible_moves(market, seat).order_by("-n")[: limits.PAGE_ROWS]
    told = [(_who(mover(row), seat), means(row.type, row.data.open(), terms), row.at) for row in moves]
    return {
        "here": "now",
        "market": market,
        "seat": seat,
        "mine": agents,
        "turn": turn,
        "moves": told,
        "stands": _stands(turn, terms, seat) if turn else "",
        "acts": [_act(each["type"], market, turn) for each in turn["legal"]] if turn else [],
        "once": uuid.uuid4(),
        "open": market.state == Market.State.OPEN,
    }


def _who(name: str, seat: Participation | None) -> str:
    if name.startswith("@"):
        return "The clock"
    return "You" if seat is not None and name == seat.ref else "The other"


def _stands(turn: Mapping[str, Any], terms: Terms, seat: Participation | None) -> str:
    """What is on the table, in a sentence."""
    public = turn["public"]

    def money(amount: int) -> str:
        return amount_text(amount, terms.exponent, terms.currency)

    if terms.mechanism == "english":
        if public["price"] is None:
            return f"Nobody has bid; the first bid is {money(public['next_bid'])} or more."
        leads = "You lead" if seat is not None and public["leader"] == seat.ref else "Another leads"
        return f"{leads} at {money(public['price'])}."
    if terms.mechanism == "dutch":
        return f"The clock stands at {money(public['price'])}; {public['left']} left."
    if public.get("offer") is None:
        return "No offer is on the table."
    return means("offer", {"agreement": public["offer"]}, terms)


def _act(kind: str, market: Market, turn: Mapping[str, Any]) -> dict[str, Any]:
    """A form: what it is called, what it asks for."""
    act: dict[str, Any] = {"type": kind, "label": PLAIN.get(kind, kind.capitalize()), "issues": [], "amount": False}
    if kind == "offer":
        priced = {each["issue"] for each in market.agenda.get("transfers", ())}
        act["issues"] = [
            (f"issue-{at}", name, [_option(value, name in priced, market) for value in values])
            for at, (name, values) in enumerate(market.agenda["issues"].items())
        ]
    if kind == "bid":
        act["amount"] = True
    if kind == "accept" and not haggles(market.mechanism):
        act |= {"label": "Stop the clock", "price": turn["public"]["price"]}
    return act


def _option(value: str | int, is_money: bool, market: Market) -> str:
    return amount_text(int(value), market.exponent, market.currency) if is_money else str(value)
