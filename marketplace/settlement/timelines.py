"""The timeline of an obligation or a hold: every attempt, booking, event and task, oldest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from marketplace.core.money import minor_text
from marketplace.settlement.models import Attempt, Authorisation, Obligation, Task, Transfer, WebhookEvent


class Moment(NamedTuple):
    """One thing that happened."""

    at: datetime
    what: str
    detail: str
    stripe_id: str = ""


def timeline(row: Obligation | Authorisation) -> list[Moment]:
    """All that the books know of it, oldest first."""
    hold = row if isinstance(row, Authorisation) else row.authorisation
    subjects = {row.ref, *([hold.ref] if hold else []), *_returns(row)}
    stripe_ids = {each for each in (_stripe_id(row), hold.payment_intent if hold else "", *_disputes(row)) if each}
    moments = [Moment(row.created_at, "written down", f"{row.ref}, {minor_text(row.amount_minor, row.currency)}")]
    moments += _attempts(subjects)
    moments += _bookings(row)
    moments += _events(stripe_ids)
    moments += _tasks(subjects)
    return sorted(moments, key=lambda moment: moment.at)


def _stripe_id(row: Obligation | Authorisation) -> str:
    return row.payment_intent if isinstance(row, Authorisation) else row.stripe_id


def _returns(row: Obligation | Authorisation) -> Iterable[str]:
    return row.returns.values_list("ref", flat=True) if isinstance(row, Obligation) else ()


def _disputes(row: Obligation | Authorisation) -> Iterable[str]:
    return row.disputes.values_list("stripe_id", flat=True) if isinstance(row, Obligation) else ()


def _attempts(subjects: set[str]) -> Iterable[Moment]:
    for each in Attempt.objects.filter(subject__in=subjects):
        yield Moment(each.first_at, f"{each.verb}: key stored", each.key)
        if each.answered_at is not None:
            words = each.state if not each.detail else f"{each.state}: {each.detail}"
            yield Moment(each.answered_at, f"{each.verb}: answered", f"{words} (sent {each.calls}x)", each.stripe_id)


def _bookings(row: Obligation | Authorisation) -> Iterable[Moment]:
    for each in Transfer.objects.filter(journal=row.journal_id, reference=row.reference):
        amount = minor_text(each.amount_minor, each.currency)
        yield Moment(each.at, f"ledger: {each.kind}", f"#{each.seq}, {amount} from {each.debit} to {each.credit}")


def _events(stripe_ids: set[str]) -> Iterable[Moment]:
    for each in WebhookEvent.objects.filter(object_id__in=stripe_ids):
        seen = "looked into" if each.handled_at else "not looked into yet"
        yield Moment(each.received_at, f"webhook: {each.kind}", f"{each.event_id}, {seen}", each.object_id)


def _tasks(subjects: set[str]) -> Iterable[Moment]:
    for each in Task.objects.filter(subject__in=subjects):
        yield Moment(each.opened_at, f"task: {each.code}", each.detail)
        if each.closed_at is not None:
            yield Moment(each.closed_at, f"task closed: {each.code}", "")
