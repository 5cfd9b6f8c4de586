"""What becomes of an act once its person was asked: done by a sweep, under the key that the agent asked with."""

from collections.abc import Iterator

from django.db import transaction

from marketplace.bidding.acts import act_of
from marketplace.bidding.models import Participation, Raise
from marketplace.bidding.participations import hold_for, place_hold, refuse_join, refuse_unless_open
from marketplace.bidding.raises import hold_for_raise, place_raise, refuse_raise
from marketplace.core import clock, limits, tracing
from marketplace.core.refusals import Refusal
from marketplace.mandates.ceilings import end_commitment, undo_last
from marketplace.mandates.checkins import finish
from marketplace.mandates.models import CheckIn
from marketplace.markets.models import Market

ENDED = (CheckIn.State.DECLINED, CheckIn.State.LAPSED, CheckIn.State.VOID)
Waiting = Participation | Raise


def sweep_answers() -> int:
    """Do what was approved; let go of what was declined, or met with silence."""
    approved = CheckIn.objects.filter(state=CheckIn.State.APPROVED).order_by("pk")[: limits.SWEEP_BATCH]
    done = sum(_carry_out(row) for row in approved)
    return done + sum(_let_go(waiting) for waiting in _left_waiting())


def _carry_out(row: CheckIn) -> bool:
    """Hold and join as if the agent had just asked; the agent's own call may come in between and do the same."""
    with tracing.caused_by(row.caused_by):
        waiting = _admit(row)
        if isinstance(waiting, Raise):
            place_raise(row=waiting)
        elif waiting is not None:
            place_hold(participation=waiting)
    return True


@transaction.atomic
def _admit(row: CheckIn) -> Waiting | None:
    """asking -> pending with a hold to be made; None where that is not possible any more, which voids the approval."""
    waiting = _waiting(row)
    part = waiting.participation if isinstance(waiting, Raise) else waiting
    market = Market.objects.select_for_update().get(pk=part.market_id)
    claimed = CheckIn.objects.filter(pk=row.pk, state=CheckIn.State.APPROVED).update(state=CheckIn.State.DONE)
    if claimed != 1:
        return None
    try:
        refuse_unless_open(market.state, market.closes_at <= clock.now(), market.ref)
        _refuse_changed(row, part, waiting)
        _refuse_stopped(part)
        hold = hold_for_raise(waiting) if isinstance(waiting, Raise) else hold_for(waiting, row.purse)
    except Refusal as refusal:
        finish(row=row, outcome=refusal.code)
        _free(part, waiting)
        return None
    moved = type(waiting).objects.filter(pk=waiting.pk, state="asking").update(state="pending", authorisation=hold)
    if moved != 1:
        raise RuntimeError(f"{row.ref}: what waited for it has moved")
    waiting.refresh_from_db()
    return waiting


def _waiting(row: CheckIn) -> Waiting:
    if row.waiting.startswith("rai_"):
        rows = Raise.objects.select_related("participation__market__journal", "participation__agent__principal")
        return rows.get(ref=row.waiting)
    return Participation.objects.select_related("market__journal", "agent__principal").get(ref=row.waiting)


def _refuse_changed(row: CheckIn, part: Participation, waiting: Waiting) -> None:
    """The act must still be the one that the person saw."""
    before = part.limit_minor if isinstance(waiting, Raise) else 0
    kind = "raise" if isinstance(waiting, Raise) else "join"
    limit = waiting.limit_minor
    act = act_of(
        market=part.market, agent=part.agent, limit_minor=limit, before_minor=before, kind=kind, look_back=False
    )
    if act.digest() != row.digest:
        raise Refusal(409, "act_changed", "This is not the act that was asked about.", "Ask anew.")


def _refuse_stopped(part: Participation) -> None:
    if part.agent.stopped_at is not None:
        raise Refusal(409, "agent_stopped", "This agent was stopped for good.", "Make a new agent.")


def _free(part: Participation, waiting: Waiting) -> None:
    """Give back what the approval took from the ceilings."""
    if isinstance(waiting, Raise):
        undo_last(reference=part.ref)
        refuse_raise(row=waiting)
    else:
        end_commitment(reference=part.ref, spent_minor=0)
        refuse_join(participation=waiting)


def _left_waiting() -> Iterator[Waiting]:
    ended = CheckIn.objects.filter(state__in=ENDED).values("waiting")
    yield from Participation.objects.filter(state="asking", ref__in=ended)[: limits.SWEEP_BATCH]
    yield from Raise.objects.filter(state="asking", ref__in=ended)[: limits.SWEEP_BATCH]


def _let_go(waiting: Waiting) -> bool:
    with tracing.caused_by(waiting.caused_by), transaction.atomic():
        return refuse_raise(row=waiting) if isinstance(waiting, Raise) else refuse_join(participation=waiting)
