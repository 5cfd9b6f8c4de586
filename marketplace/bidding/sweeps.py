"""Joins and raises whose hold was not answered clearly at first, and those whose person has answered."""

from django.db.models import Q

from marketplace.agents.models import Agent
from marketplace.bidding.asking import sweep_answers
from marketplace.bidding.inclusion import publish_due
from marketplace.bidding.models import Participation, Raise
from marketplace.bidding.participations import complete_join
from marketplace.bidding.raises import complete_raise
from marketplace.bidding.stopping import withdraw_standing
from marketplace.bidding.ticking import tick_due
from marketplace.core import limits, tracing
from marketplace.core.sweeps import Sweep
from marketplace.settlement.models import Authorisation

MOVING = (Authorisation.State.PENDING, Authorisation.State.UNKNOWN)


def complete_joins() -> int:
    """Complete the joins whose hold has turned out one way or the other."""
    due = Participation.objects.filter(state=Participation.State.PENDING).exclude(authorisation__state__in=MOVING)
    return sum(_complete(row) for row in due[: limits.SWEEP_BATCH])


def complete_raises() -> int:
    """Complete the raises whose larger hold has turned out one way or the other."""
    due = Raise.objects.filter(state=Raise.State.PENDING).exclude(authorisation__state__in=MOVING)
    rows = due.select_related("participation__authorisation")
    return sum(_complete(row) for row in rows[: limits.SWEEP_BATCH])


def _complete(row: Participation | Raise) -> bool:
    with tracing.caused_by(row.caused_by):
        return complete_raise(row=row) if isinstance(row, Raise) else complete_join(participation=row)


def withdraw_for_stopped() -> int:
    """Take back what stopped or suspended agents still have standing, whatever a cached key let in meanwhile."""
    over = Q(stopped_at__isnull=False) | Q(principal__suspended_at__isnull=False)
    rows = Agent.objects.filter(over, participations__market__state="open", participations__bids__status="accepted")
    return sum(len(withdraw_standing(agent=agent).withdrawn) for agent in rows.distinct()[: limits.SWEEP_BATCH])


SWEEPS = (
    Sweep("bidding.tick_due", tick_due, every=0.25, lane="markets"),
    Sweep("bidding.complete_joins", complete_joins, every=1, lane="markets"),
    Sweep("bidding.complete_raises", complete_raises, every=1, lane="markets"),
    Sweep("bidding.stopped", withdraw_for_stopped, every=1, lane="mandates"),
    Sweep("bidding.answers", sweep_answers, every=1, lane="mandates"),
    Sweep("bidding.publish_roots", publish_due, every=0.25, lane="markets"),
)
