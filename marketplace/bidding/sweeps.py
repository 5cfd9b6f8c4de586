"""Joins whose hold was not answered clearly at first."""

from marketplace.bidding.inclusion import publish_due
from marketplace.bidding.models import Participation
from marketplace.bidding.participations import complete_join
from marketplace.core import limits
from marketplace.core.sweeps import Sweep
from marketplace.settlement.models import Authorisation

MOVING = (Authorisation.State.PENDING, Authorisation.State.UNKNOWN)


def complete_joins() -> int:
    """Complete the joins whose hold has turned out one way or the other."""
    due = Participation.objects.filter(state=Participation.State.PENDING).exclude(authorisation__state__in=MOVING)
    return sum(complete_join(participation=row) for row in due[: limits.SWEEP_BATCH])


SWEEPS = (
    Sweep("bidding.complete_joins", complete_joins, every=1, lane="markets"),
    Sweep("bidding.publish_roots", publish_due, every=0.25, lane="markets"),
)
