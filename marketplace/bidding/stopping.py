"""Stopping an agent: nothing new, what stands is taken back where it may be, and what could not be is said."""

from dataclasses import dataclass, field

from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent
from marketplace.bidding.intake import committer
from marketplace.bidding.leaving import leave_table
from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.withdrawals import Withdrawal
from marketplace.core.money import minor_text
from marketplace.core.refusals import Refusal
from marketplace.mandates.checkins import give_up
from marketplace.mandates.grants import stop_agent, tree_below
from marketplace.markets.models import Market
from marketplace.markets.terms import terms_of

DECISION_SECONDS = 20
LEFT = {
    Market.State.OPEN: "{title}: it holds {limit} until the market ends, and can be charged nothing without a bid.",
    Market.State.CLOSED: "{title}: bidding is over; it may still cost up to {limit}.",
}


@dataclass(slots=True)
class Stopped:
    """What stopping did: who was stopped, which bids were taken back, and what could not be."""

    agents: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    unasked: int = 0
    left: list[str] = field(default_factory=list)


def stop_trading(*, agent: Agent) -> Stopped:
    """Revoke the keys and mandates of an agent and all below it, and take back what they have standing."""
    tree = tree_below(agent)
    done = Stopped(agents=[each.ref for each in stop_agent(agent=agent)])
    done.unasked = give_up(agent_ids=[each.pk for each in tree])
    for each in tree:
        taken = withdraw_standing(agent=each)
        taken.left += leave_tables(agent=each)
        done.withdrawn += taken.withdrawn
        done.left += taken.left + _left(each)
    return done


def withdraw_standing(*, agent: Agent) -> Stopped:
    """Take back every bid that stands in an open market; outside any transaction, for the committer decides."""
    done = Stopped()
    standing = Bid.objects.filter(
        participation__agent=agent, status=Bid.Status.ACCEPTED, market__state=Market.State.OPEN
    )
    for bid in standing.select_related("market"):
        refusal = _withdraw(agent, bid)
        if refusal is None:
            done.withdrawn.append(bid.market.title)
        else:
            done.left.append(f"{bid.market.title}: the bid could not be taken back. {refusal.detail}")
    return done


def leave_tables(*, agent: Agent) -> list[str]:
    """Walk away, exit and cancel wherever a rule of turns lets the agent; by market, what may still cost something."""
    seats = Participation.objects.filter(agent=agent, state=Participation.State.ACTIVE, market__state="open")
    left = []
    for seat in seats.exclude(market__turn_due_at=None).select_related("market"):
        exposed = leave_table(seat=seat)
        if exposed:
            most = minor_text(exposed, seat.market.currency)
            left.append(f"{seat.market.title}: what was offered or bid there stands; it may still cost up to {most}.")
    return left


def _withdraw(agent: Agent, bid: Bid) -> Refusal | None:
    identity = Identity(agent.pk, agent.ref, agent.principal_id, frozenset(), "")
    try:
        act = Withdrawal(terms_of(bid.market.ref), identity, bid.ref)
        return committer.submit(act).result(DECISION_SECONDS).refusal
    except Refusal as refusal:
        return refusal


def _left(agent: Agent) -> list[str]:
    rows = Participation.objects.filter(agent=agent, state=Participation.State.ACTIVE, market__state__in=LEFT)
    rows = rows.exclude(market__state=Market.State.OPEN, market__turn_due_at__isnull=False)  # told by leave_tables
    return [
        LEFT[Market.State(row.market.state)].format(
            title=row.market.title, limit=minor_text(row.limit_minor, row.market.currency)
        )
        for row in rows.select_related("market").order_by("market__closes_at")
        if row.limit_minor
    ]
