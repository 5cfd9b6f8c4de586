"""Pushes: what an operator may do for a row that does not move by itself; the sweeps do the work."""

from marketplace.core import clock, sweeps
from marketplace.settlement import payouts, returns, rounds
from marketplace.settlement.models import Authorisation, Obligation, WebhookEvent

MOVING = ("pending", "unknown")


def retry(*, row: Obligation | Authorisation) -> bool:
    """Look again now, without waiting for the next try; under the same key, so nothing is done twice.

    Only what waits for its next try: what no sweep may touch yet, or any more, is left alone.
    """
    rows = type(row).objects.filter(pk=row.pk, due_at__isnull=False)
    states = MOVING if isinstance(row, Obligation) else (*MOVING, Authorisation.State.AUTHORISED)
    pushed = rows.filter(state__in=states).update(due_at=clock.now(), tries=0) == 1
    sweeps.nudge("settlement.collects")
    return pushed


def resend(*, obligation: Obligation) -> bool:
    """Pay out what is held for a seller who can be paid now."""
    return obligation.kind in Obligation.PAYS and payouts.resend(obligation)


def undo(*, obligation: Obligation) -> int:
    """Give back what this obligation's round has collected, and pay nobody; how many refunds that makes."""
    reason = "an operator undid the round"
    return rounds.undo_round(journal=obligation.journal, round_ref=obligation.round_ref, reason=reason)


def give_up(*, obligation: Obligation) -> bool:
    """Take back a refund that waits for a seller who gives nothing back."""
    return returns.give_up(obligation=obligation)


def look_again(*, event: WebhookEvent) -> bool:
    """Fetch once more what an event was about."""
    rows = WebhookEvent.objects.filter(pk=event.pk)
    return rows.update(handled_at=None, due_at=clock.now(), tries=0) == 1
