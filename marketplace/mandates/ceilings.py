"""Ceilings: what an agent may owe per day, at one time and in all, kept in the database under its tree's lock."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet, Sum

from marketplace.core import limits
from marketplace.core.money import minor_text
from marketplace.core.refusals import Refusal
from marketplace.mandates.documents import Ceiling
from marketplace.mandates.grants import Chain, Link, chain_of, lock_tree
from marketplace.mandates.models import Commitment
from marketplace.settlement.models import Authorisation, Obligation

ENDED = (Authorisation.State.CAPTURED, Authorisation.State.RELEASED, Authorisation.State.REFUSED)
WORDS = {"day": "a day", "standing": "at one time over all open markets", "total": "in all"}


def day_of(at: datetime, time_zone: str) -> date:
    """The day of an instant where the principal lives."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def refuse_beyond(chain: Chain, currency: str, more_minor: int, at: datetime) -> None:
    """Refuse what any ceiling of the chain has no room for; under the tree's lock this decides."""
    day = day_of(at, chain.time_zone)
    for link in chain.links:
        ceiling = (link.document.ceilings or {}).get(currency)
        if ceiling is not None:
            _refuse_beyond(link, ceiling, currency, more_minor, day)


def commit(*, chain: Chain, reference: str, currency: str, more_minor: int, at: datetime) -> None:
    """Take the amount from every ceiling of the chain, under the tree's lock; refused where one has no room."""
    refuse_beyond(chain, currency, more_minor, at)
    if more_minor == 0:
        return
    n = Commitment.objects.filter(holder=chain.own.agent, reference=reference).count() + 1
    day = day_of(at, chain.time_zone)
    Commitment.objects.bulk_create(
        Commitment(
            holder=link.agent,
            reference=reference,
            n=n,
            currency=currency,
            amount_minor=more_minor,
            day=day,
            created_at=at,
        )
        for link in chain.links
    )


@transaction.atomic
def end_commitment(*, reference: str, spent_minor: int) -> bool:
    """What a participation has cost after all, which is never more; the rest is free again. False where it ended."""
    first = Commitment.objects.filter(reference=reference, standing=True).select_related("holder__principal").first()
    if first is None:
        return False
    lock_tree(chain_of(first.holder).links[-1].agent)
    rows = Commitment.objects.filter(reference=reference)
    for holder in set(rows.values_list("holder", flat=True)):
        _spend(rows.filter(holder=holder), spent_minor)
    return True


def undo_last(*, reference: str) -> None:
    """What a raise took and did not need after all; the earlier acts stay as they are."""
    rows = Commitment.objects.filter(reference=reference, standing=True)
    last = rows.order_by("-n").values_list("n", flat=True).first()
    rows.filter(n=last).update(amount_minor=0)


def reverse_commitment(*, reference: str) -> bool:
    """What was charged has been paid back: it counts no more."""
    return Commitment.objects.filter(reference=reference, standing=False, amount_minor__gt=0).update(amount_minor=0) > 0


def standing_minor(holder_id: int, currency: str) -> int:
    """The most that everything open can still cost together."""
    return _sum(_of(holder_id, currency).filter(standing=True))


def room(link: Link, currency: str, at: datetime, time_zone: str) -> dict[str, int]:
    """What is left below each ceiling of an agent's own mandate."""
    ceiling, day = (link.document.ceilings or {}).get(currency, Ceiling()), day_of(at, time_zone)
    return {name: bound - used for name, bound, used in _used(link, ceiling, currency, day)}


def sweep_ended() -> int:
    """End what settlement has captured or let go of, and reverse what it has refunded."""
    standing = Commitment.objects.filter(standing=True).values("reference")
    ended = Authorisation.objects.filter(reference__in=standing, state__in=ENDED)
    pairs = list(ended.values_list("reference", "captured_minor")[: limits.SWEEP_BATCH])
    late = Obligation.objects.filter(reference__in=[reference for reference, _ in pairs], arrears_minor__gt=0)
    counted = dict(late.values_list("reference", "arrears_minor"))  # by the participations that ran it up
    refunded = Obligation.objects.filter(kind=Obligation.Kind.COLLECT, state=Obligation.State.REFUNDED)
    paid = Obligation.objects.filter(kind=Obligation.Kind.COLLECT, state=Obligation.State.PAID)
    refunded = refunded.exclude(reference__in=paid.values("reference"))  # charged again in a later round
    spent = Commitment.objects.filter(standing=False, amount_minor__gt=0, reference__in=refunded.values("reference"))
    back = set(spent.values_list("reference", flat=True)[: limits.SWEEP_BATCH])
    spent_by = {reference: max(charged - counted.get(reference, 0), 0) for reference, charged in pairs}
    done = sum(end_commitment(reference=reference, spent_minor=charged) for reference, charged in spent_by.items())
    return done + sum(reverse_commitment(reference=reference) for reference in sorted(back))


def _refuse_beyond(link: Link, ceiling: Ceiling, currency: str, more_minor: int, day: date) -> None:
    for name, bound, used in _used(link, ceiling, currency, day):
        if used + more_minor > bound:
            amounts = [minor_text(amount, currency) for amount in (bound, used, more_minor)]
            detail = (
                f"{link.agent.ref} may owe {amounts[0]} {WORDS[name]}; {amounts[1]} is taken, this is {amounts[2]}."
            )
            fix = "Join with a lower limit, wait until something ends, or ask your person for a wider mandate."
            raise Refusal(403, "mandate_exceeded", detail, fix, "/limit_minor", extra={"ceiling": name})


def _used(link: Link, ceiling: Ceiling, currency: str, day: date) -> list[tuple[str, int, int]]:
    """Each ceiling that is stated, with what of it is taken."""
    rows = _of(link.agent.pk, currency)
    parts: list[tuple[str, int | None, Any]] = [
        ("day", ceiling.day_minor, rows.filter(day=day)),
        ("standing", ceiling.standing_minor, rows.filter(standing=True)),
        ("total", ceiling.total_minor, rows),
    ]
    return [(name, bound, _sum(found)) for name, bound, found in parts if bound is not None]


def _of(holder_id: int, currency: str) -> QuerySet[Commitment]:
    return Commitment.objects.filter(holder_id=holder_id, currency=currency)


def _sum(rows: QuerySet[Commitment]) -> int:
    return int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _spend(rows: QuerySet[Commitment], spent_minor: int) -> None:
    """The first acts bear what was spent, also those that ended before; what later ones added is freed first."""
    for row in rows.order_by("n"):
        row.amount_minor = min(row.amount_minor, spent_minor)
        spent_minor -= row.amount_minor
        row.standing = False
        row.save(update_fields=["amount_minor", "standing"])
