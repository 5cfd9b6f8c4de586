"""Tasks: what only a person can decide, or should know; open once a subject and code."""

from django.db.models import QuerySet

from marketplace.core import clock
from marketplace.settlement.models import Task


def open_task(*, subject: str, code: str, detail: str) -> None:
    """Put something before the operators; what is open already stays as it is."""
    row = Task(subject=subject, code=code, detail=detail[:500], opened_at=clock.now())
    Task.objects.bulk_create([row], ignore_conflicts=True)


def close_tasks(tasks: QuerySet[Task]) -> int:
    """A person has seen to it, or it is so no more."""
    return tasks.filter(closed_at=None).update(closed_at=clock.now())


def close_of(*subjects: str) -> int:
    """What stood against these subjects is over."""
    return close_tasks(Task.objects.filter(subject__in=subjects)) if subjects else 0
