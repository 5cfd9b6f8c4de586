"""What all processes share, read from the database when Prometheus asks: rows by state, and how old the oldest is."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Count, Min, QuerySet
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from marketplace.bidding.models import Participation
from marketplace.core import clock
from marketplace.mandates.models import CheckIn
from marketplace.markets.models import Market, Round
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.records import Task, WebhookEvent

MOVING = (Obligation.State.PENDING, Obligation.State.UNKNOWN)


class Figures(Collector):
    """Counts and ages, never amounts; a scrape is some twelve short queries."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing beforehand: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; where the database does not answer, that is the only one."""
        up = GaugeMetricFamily("walras_database_up", "Whether the database answered this scrape.")
        try:
            found = [*_counts(), *_ages(clock.now())]
        except DatabaseError:
            found = []
        up.add_metric([], bool(found))
        yield from (up, *found)


def _counts() -> Iterator[GaugeMetricFamily]:
    yield _by("markets", "Markets by state.", Market.objects.all(), "state")
    yield _by("rounds", "Rounds by state.", Round.objects.all(), "state")
    yield _by("participations", "Participations by state.", Participation.objects.all(), "state")
    yield _by("obligations", "Obligations by kind and state.", Obligation.objects.all(), "kind", "state")
    yield _by("authorisations", "Holds by state.", Authorisation.objects.all(), "state")
    yield _by("checkins", "Questions to people by state.", CheckIn.objects.all(), "state")
    yield _by("tasks_open", "Open tasks for a settlement clerk by code.", Task.objects.filter(closed_at=None), "code")


def _ages(now: datetime) -> Iterator[GaugeMetricFamily]:
    late = Market.objects.filter(state=Market.State.OPEN, closes_at__lt=now)
    rounds = Round.objects.filter(state__in=(Round.State.PENDING, Round.State.CLEARING))
    yield _age("market_late_seconds", "How long an open market is past its close.", late, "closes_at", now)
    yield _age("round_waiting_seconds", "Age of the oldest round that is not cleared.", rounds, "created_at", now)
    joins = Participation.objects.filter(state=Participation.State.PENDING)
    yield _age("join_waiting_seconds", "Age of the oldest joining without an answer.", joins, "created_at", now)
    holds = Authorisation.objects.filter(state=Authorisation.State.UNKNOWN)
    yield _age("hold_unknown_seconds", "Age of the oldest hold without a clear answer.", holds, "created_at", now)
    money = Obligation.objects.filter(state__in=MOVING, due_at__lt=now)
    yield _age("obligation_late_seconds", "How long the oldest obligation is due.", money, "due_at", now)
    events = WebhookEvent.objects.filter(handled_at=None)
    yield _age("stripe_event_waiting_seconds", "Age of the oldest event not looked into.", events, "received_at", now)


def _by(name: str, told: str, rows: QuerySet, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"walras_{name}", told, labels=labels)
    for *values, number in rows.order_by(*labels).values_list(*labels).annotate(Count("pk")):
        family.add_metric(values, number)
    return family


def _age(name: str, told: str, rows: QuerySet, field: str, now: datetime) -> GaugeMetricFamily:
    """0 where nothing waits, which is what a healthy server says nearly always."""
    oldest = rows.aggregate(oldest=Min(field))["oldest"]
    family = GaugeMetricFamily(f"walras_{name}", told)
    family.add_metric([], max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
    return family
