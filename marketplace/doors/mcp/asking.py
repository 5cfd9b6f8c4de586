"""Tools around the mandate: raising a limit, what may be done, and bringing a question before one's person."""

from typing import Any

from mcp import UrlElicitationRequiredError
from mcp_types import ElicitRequestURLParams

from marketplace.bidding.answers import raise_answer
from marketplace.bidding.models import Participation
from marketplace.bidding.raises import raise_limit
from marketplace.doors.mcp import shapes
from marketplace.doors.mcp.acting import AFTER_JOIN
from marketplace.doors.mcp.call import Call
from marketplace.doors.mcp.fitting import fitted
from marketplace.doors.rest.mandates import DecisionBody, decision_answer, own_checkin
from marketplace.doors.threads import in_thread
from marketplace.mandates.checkins import told
from marketplace.mandates.letters import ask_page
from marketplace.mandates.models import CheckIn
from marketplace.markets.terms import find_market, terms_of

Said = dict[str, Any]
MEANS = {"alone": "Go on.", "ask": "Act; the join will wait for your person.", "never": "Do not; choose another way."}


@in_thread
def raise_limit_of(call: Call) -> Said:
    """Raise a limit; the same call after a refused one is a new try."""
    stated = call.shaped(shapes.Join)
    market = find_market(stated.market)
    rows = Participation.objects.filter(market=market, agent_id=call.identity.agent_id, raises__state="refused")
    row = raise_limit(market=market, identity=call.identity, limit_minor=stated.limit_minor, key=call.key(rows.count()))
    return fitted(raise_answer(row, terms_of(market.ref)), AFTER_JOIN.get(row.state, "preview a bid, then bid."))


@in_thread
def may_i(call: Call) -> Said:
    """What the mandate says to an act; nothing is done."""
    answer = decision_answer(call.identity, call.shaped(DecisionBody))
    return fitted(answer, MEANS[answer["would"]])


@in_thread
def ask_my_person(call: Call) -> Said:
    """The check-in's state; while it is open, a client that can open addresses is asked to open the page."""
    row = own_checkin(call.identity, call.shaped(shapes.AskPerson).checkin)
    if row.state != CheckIn.State.PENDING:
        approved = row.state in (CheckIn.State.APPROVED, CheckIn.State.DONE)
        return fitted(told(row), "wait for participation.active, then bid." if approved else "Let it be.")
    page = ask_page(row.ref)
    if call.elicits:
        words = "Your agent asks you before it goes on."
        raise UrlElicitationRequiredError(
            [ElicitRequestURLParams(message=words, url=page, elicitation_id=row.ref)], "Your person must answer first."
        )
    return fitted({**told(row), "url": page}, "Show your person this address; then wait for checkin.answered.")
