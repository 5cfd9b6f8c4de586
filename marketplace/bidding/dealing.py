"""Nobody sells to itself: who may join beside whom, and bid on whose lot. False names are beyond what this can see."""

from typing import Any

from marketplace.agents.keys import Identity
from marketplace.bidding.models import Participation
from marketplace.core.refusals import Refusal
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Market
from marketplace.markets.requests import asks
from marketplace.markets.terms import Terms
from marketplace.markets.turns import haggles
from marketplace.settlement.kin import kin_of
from mechanisms.types import Bid

OTHERS = "A market is for strangers: sell here or bid here."


def refuse_self_dealing(market: Market, identity: Identity) -> None:
    """Refuse a join beside an agent of the same principal, or by who could then trade with itself alone."""
    taking_part = Participation.objects.filter(market=market).exclude(state=Participation.State.REFUSED)
    others = set(taking_part.exclude(agent_id=identity.agent_id).values_list("agent__principal_id", flat=True))
    if identity.principal_id in others and not market.several_agents:
        detail = "Another agent of the same principal takes part already, and this market takes one bidder a principal."
        raise Refusal(409, "one_bidder_a_principal", detail, "Bid with the agent that has joined.")
    if haggles(market.mechanism) and market.lots.filter(seller_id=identity.agent_id).exists():
        return  # in a haggle the seller sits at the table
    kin = kin_of(identity.principal_id)
    sellers = set(market.lots.exclude(seller=None).values_list("seller__principal_id", flat=True))
    if rule(market.mechanism).sides == "two" or asks(market.mechanism):
        sellers = (others & kin) - {identity.principal_id}
    if sellers and sellers <= kin:
        raise _self_dealing("What is sold here is sold by who shares a person, a card or a payout account with you.")


def refuse_own_lots(terms: Terms, identity: Identity, bid: Bid) -> None:
    """Refuse a bid on a lot that is sold by who shares a person, a card or a payout account with the bidder."""
    if not terms.barred:
        return
    named = {lot for atom in bid.atoms or () for lot in atom.bundle} | {step.lot for step in bid.steps or ()}
    named |= bid.program.lots() if bid.program else set()
    for lot in sorted(named):
        if identity.principal_id in terms.barred.get(lot, ()):
            raise _self_dealing(f"The lot {lot!r} is sold by who shares a person, a card or a payout account with you.")


def refuse_own_move(terms: Terms, identity: Identity, data: dict[str, Any]) -> None:
    """Refuse a move that asks for a lot that is sold by who shares a person, a card or an account with its maker."""
    demand = data.get("demand")
    named = set(demand) if isinstance(demand, dict) else set(terms.lots)
    if haggles(terms.mechanism) or terms.spec.sides == "two":
        return
    for lot in sorted(named & set(terms.barred)):
        if identity.principal_id in terms.barred[lot]:
            raise _self_dealing(f"The lot {lot!r} is sold by who shares a person, a card or a payout account with you.")


def _self_dealing(detail: str) -> Refusal:
    return Refusal(403, "self_dealing", detail, OTHERS)
