"""The two seats of a haggle: the seller of its lots and one buyer; with both taken it begins."""

import mechanisms
from marketplace.agents.inbox import told
from marketplace.agents.keys import Identity
from marketplace.bidding.models import Participation
from marketplace.bidding.turns import due_at, opened_problem, seller_of
from marketplace.core import clock, streams
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.terms import course_of
from marketplace.markets.turns import haggles

PARTIES = 2


def refuse_taken_seat(market: Market, identity: Identity) -> None:
    """Refuse a second buyer."""
    seller = seller_of(market) if haggles(market.mechanism) else None
    if seller in (None, identity.agent_id):
        return
    rows = Participation.objects.filter(market=market).exclude(state=Participation.State.REFUSED)
    if rows.exclude(agent_id__in=(seller, identity.agent_id)).exists():
        detail = "Two haggle, and another buyer sits at this table."
        raise Refusal(409, "seat_taken", detail, "Open a haggle of your own, or look for another market.")


def begin_haggle(market: Market) -> list[streams.Entry]:
    """Where the second party has just come: from now on time counts, and who may begin is told. Under the lock."""
    if not haggles(market.mechanism) or market.participants != PARTIES or market.course:
        return []
    at = clock.now()
    market.course = course_of(market, at)
    state = mechanisms.start(market.mechanism, opened_problem(market))
    market.turn_due_at = due_at(state)
    Market.objects.filter(pk=market.pk).update(course=market.course, turn_due_at=market.turn_due_at)
    facts = {"deadline": clock.stamp(market.turn_due_at), "turn": list(state.turn)}
    entries = [streams.Entry(market.stream, "market.begun", facts)]
    rows = Participation.objects.filter(ref__in=state.turn).select_related("agent")
    for row in rows:
        legal = [each["type"] for each in state.legal[row.ref]]
        own = {"market": market.ref, "n": 0, "legal": legal, "deadline": facts["deadline"]}
        entries.append(told(row.agent.ref, "turn.yours", own))
    return entries
