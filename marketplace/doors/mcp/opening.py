"""Tools by which an agent opens markets of its own and invites others."""

from typing import Any

import msgspec

from marketplace.core import strict_json
from marketplace.core.idempotency import answer_once, fingerprint
from marketplace.doors.mcp import shapes
from marketplace.doors.mcp.call import Call
from marketplace.doors.mcp.fitting import fitted
from marketplace.doors.mcp.looking import whole_market
from marketplace.doors.rest.openings import checked_agents, invitations_answer, listed_templates
from marketplace.doors.threads import in_thread
from marketplace.markets.invitations import invite
from marketplace.markets.models import Market
from marketplace.markets.openings import Opening, find_own, open_by_template

Said = dict[str, Any]
AFTER_OPENING = "To haggle or to buy, join it too, under your limit; then wait. A seller of lots only waits."
RUNNING = (Market.State.DRAFT, Market.State.OPEN)


@in_thread
def templates(call: Call) -> Said:
    """What markets can be opened by."""
    call.shaped(shapes.Nothing)
    return fitted({"templates": listed_templates()}, "open_market with one of these, within its bounds.")


@in_thread
def open_market(call: Call) -> Said:
    """Open one; the same call again is the same market, until that is over."""
    opening = call.shaped(Opening)
    over = Market.objects.filter(opener_id=call.identity.agent_id).exclude(state__in=RUNNING).count()

    def act() -> tuple[int, bytes]:
        return 201, open_by_template(opening=opening, identity=call.identity).ref.encode()

    _, ref = answer_once(
        caller=call.identity.agent_ref,
        path="mcp/open_market",
        key=call.key(over),
        body_hash=fingerprint(strict_json.canonical(call.arguments)),
        act=act,
    )
    return fitted(whole_market(Market.objects.get(ref=ref.decode())), AFTER_OPENING)


@in_thread
def invite_to(call: Call) -> Said:
    """Invite; who was invited before is not told again."""
    stated = call.shaped(shapes.Invite)
    market = find_own(stated.market, call.identity)
    invite(market=market, identity=call.identity, agents=checked_agents(stated.agents))
    told = {"market": market.ref, **invitations_answer(market)}
    return fitted(msgspec.to_builtins(told), "wait: market.joined tells that somebody came.")
