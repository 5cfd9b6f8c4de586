"""Pending rounds: claimed, given to the child, and taken back from workers that died."""

import logging
import secrets
from datetime import timedelta

from django.db.models import Q

from marketplace.clearing.answering import lapse_due, supersede_due
from marketplace.clearing.cancelling import reinstate_due
from marketplace.clearing.results import fail_round
from marketplace.clearing.workers import ChildDied, worker
from marketplace.core import clock, limits, metrics, streams, tracing
from marketplace.core.sweeps import Sweep, nudge
from marketplace.markets.models import Round

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=10)  # five heartbeats of clearing/workers.py


def clear_due() -> int:
    """Clear the oldest pending round, or one whose worker has gone silent; 0 where there is none."""
    claim = secrets.token_hex(16)
    round_ = _claim_one(claim)
    if round_ is None:
        return 0
    with tracing.caused_by(round_.caused_by), metrics.clearing_seconds.time():
        state = _clear(round_, claim)
    metrics.clearings.labels(state).inc()
    return 1


def _clear(round_: Round, claim: str) -> str:
    """How it ended: cleared, failed, lost (to another worker), interrupted (by the database) or died."""
    try:
        reply = worker.clear(
            round_ref=round_.ref,
            claim=claim,
            seconds=limits.CLEARING_SECONDS,
            heartbeat=lambda: _renew(round_, claim),
        )
        streams.announce(reply["heads"])
        nudge("settlement.collects")
        return str(reply["state"])
    except ChildDied as error:
        log.error("round %s: %s", round_.ref, error)
        fail_round(round_=round_, claim=claim, reason=str(error))
        return "died"


def _claim_one(claim: str) -> Round | None:
    """At most one worker gets a round: the UPDATE that changes its claim is the one that may clear it."""
    now = clock.now()
    silent = Q(state=Round.State.CLEARING, claimed_at__lt=now - LEASE)
    due = Round.objects.select_related("market").filter(Q(state=Round.State.PENDING) | silent)
    for round_ in due.order_by("created_at")[: limits.SWEEP_BATCH]:
        held = Round.objects.filter(pk=round_.pk, state=round_.state, claim=round_.claim)
        if held.update(state=Round.State.CLEARING, claim=claim, claimed_at=now) == 1:
            return round_
    return None


def _renew(round_: Round, claim: str) -> None:
    Round.objects.filter(pk=round_.pk, state=Round.State.CLEARING, claim=claim).update(claimed_at=clock.now())


SWEEPS = (
    Sweep("clearing.clear_due", clear_due, every=0.25, lane="clearing"),
    Sweep("clearing.lapse_due", lapse_due, every=1, lane="contracts"),
    Sweep("clearing.reinstate_due", reinstate_due, every=1, lane="contracts"),
    Sweep("clearing.supersede_due", supersede_due, every=1, lane="contracts"),
)
