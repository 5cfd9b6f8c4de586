"""What needs an operator's hand now: the first page of the admin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse

from marketplace.core import clock
from marketplace.core.money import minor_text
from marketplace.mandates.models import CheckIn
from marketplace.markets.models import Market, Round
from marketplace.settlement.models import Obligation, Task

SHOWN = 10
SOON = timedelta(hours=1)
STUCK = timedelta(minutes=5)  # a settlement that goes well takes seconds


@dataclass(frozen=True)
class Line:
    """One thing to see to, and where its buttons are."""

    words: str
    href: str


@dataclass(frozen=True)
class Heap:
    """Things of one kind; `more` says how many are not listed."""

    title: str
    lines: list[Line]
    more: int
    href: str


def heaps(user: AbstractBaseUser | AnonymousUser) -> list[Heap]:
    """All heaps that this person may look into, the empty ones too: that nothing waits is news as well."""
    return [_heap(*each) for each in _every() if user.has_perm(each[0])]


Find = Callable[[], Iterator[Line]]


def _every() -> Iterator[tuple[str, str, Find, str]]:
    market, task, obligation = "markets.view_market", "settlement.view_task", "settlement.view_obligation"
    yield market, "Closing within the hour", _closing, _list("markets_market", "state__exact=open")
    yield market, "Could not be cleared", _failed, _list("markets_round", "state__exact=failed")
    yield market, "Could not open at its time", _unopened, _list("markets_market", "state__exact=draft")
    yield obligation, "Money that does not move", _stuck, _list("settlement_obligation", "")
    yield (
        obligation,
        "Sellers who cannot be paid",
        _held,
        _list("settlement_obligation", "state__exact=held_for_seller"),
    )
    yield "mandates.view_checkin", "People asked, about to lapse", _asked, _list("mandates_checkin", "")
    yield task, "Differences with Stripe, and other tasks", _tasks, _list("settlement_task", "closed_at__isempty=1")


def _heap(_permission: str, title: str, find: Find, href: str) -> Heap:
    found = list(find())
    return Heap(title, found[:SHOWN], max(0, len(found) - SHOWN), href)


def _list(name: str, query: str) -> str:
    return reverse(f"admin:{name}_changelist") + (f"?{query}" if query else "")


def _row(name: str, pk: int) -> str:
    return reverse(f"admin:{name}_change", args=[pk])


def _closing() -> Iterator[Line]:
    now = clock.now()
    rows = Market.objects.filter(state=Market.State.OPEN, closes_at__lte=now + SOON).order_by("closes_at")
    for row in rows.only("title", "closes_at")[: SHOWN + 1]:
        minutes = max(0, int((row.closes_at - now).total_seconds() // 60))
        yield Line(f"{row.title}: in {minutes} min", reverse("admin:desk-market", args=[row.pk]))


def _failed() -> Iterator[Line]:
    rows = Round.objects.filter(state=Round.State.FAILED, market__state=Market.State.CLOSED).select_related("market")
    for row in rows.only("failure", "market__title").order_by("-pk")[: SHOWN + 1]:
        yield Line(f"{row.market.title}: {row.failure}", reverse("admin:desk-market", args=[row.market_id]))


def _unopened() -> Iterator[Line]:
    rows = Market.objects.filter(state=Market.State.DRAFT).exclude(opening_refused="")
    for row in rows.only("title", "opening_refused").order_by("-pk")[: SHOWN + 1]:
        yield Line(f"{row.title}: {row.opening_refused}", _row("markets_market", row.pk))


def _stuck() -> Iterator[Line]:
    waiting = (Obligation.State.PENDING, Obligation.State.UNKNOWN)
    rows = Obligation.objects.filter(state__in=waiting, created_at__lte=clock.now() - STUCK).order_by("created_at")
    for row in rows[: SHOWN + 1]:
        words = f"{row.kind} of {minor_text(row.amount_minor, row.currency)}: {row.state}, {row.tries} tries"
        yield Line(f"{words}{', ' + row.last_error if row.last_error else ''}", _row("settlement_obligation", row.pk))


def _held() -> Iterator[Line]:
    rows = Obligation.objects.filter(state=Obligation.State.HELD_FOR_SELLER).select_related("principal")
    for row in rows.order_by("created_at")[: SHOWN + 1]:
        words = f"{row.principal}: {minor_text(row.amount_minor, row.currency)} waits"
        yield Line(words, _row("settlement_obligation", row.pk))


def _asked() -> Iterator[Line]:
    soon = clock.now() + SOON
    rows = CheckIn.objects.filter(state=CheckIn.State.PENDING, answer_by__lte=soon).select_related("agent")
    for row in rows.order_by("answer_by").defer("act")[: SHOWN + 1]:
        yield Line(f"{row.agent}: until {row.answer_by:%H:%M} UTC", _row("mandates_checkin", row.pk))


def _tasks() -> Iterator[Line]:
    for row in Task.objects.filter(closed_at=None).order_by("opened_at")[: SHOWN + 1]:
        yield Line(f"{row.code}: {row.subject}. {row.detail}", _row("settlement_task", row.pk))
