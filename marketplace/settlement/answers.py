"""What obligations have in common when Stripe's answer settles nothing yet."""

import logging
from typing import Any

from django.db.models import F

from marketplace.settlement import tasks, work
from marketplace.settlement.gateway import Absent, Done, NotSent, Result, Unknown
from marketplace.settlement.models import Obligation

log = logging.getLogger(__name__)
State = Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)


def made_for(ref: str, listed: Result, name: str = "obligation") -> Result:
    """The object whose metadata gives this name to it, among those of a list of Stripe's."""
    if not isinstance(listed, Done):
        return listed
    found = [each for each in listed.object["data"] if (each.get("metadata") or {}).get(name) == ref]
    return Done(found[0]) if found else Absent()


def agrees(row: Obligation, made: dict[str, Any]) -> bool:
    """Whether what Stripe made is of the amount and the currency that we asked for."""
    return (made["amount"], made["currency"]) == (row.amount_minor, row.currency.lower())


def put_off(row: Obligation, result: Result) -> None:
    """No clear answer: look again later, under the same key."""
    reason = result.reason if isinstance(result, Unknown) else result.detail if isinstance(result, NotSent) else ""
    _later(row, last_error=reason[:200])


def begin_again(row: Obligation, reason: str = "", longest: float = work.LONGEST_DELAY) -> None:
    """This attempt has left nothing and never will: the next has a key of its own."""
    _later(row, longest, state=State.PENDING, attempt=F("attempt") + 1, last_error=reason[:200])


def another_amount(row: Obligation, made: dict[str, Any]) -> None:
    """Stripe says that it moved another amount: look again, and say so if it stays so."""
    log.error("%s: Stripe moved another amount than was asked for", row.ref)
    _later(row, last_error="another amount was moved")
    if row.tries:
        detail = f"{made.get('id')}: {made.get('amount')} {made.get('currency')}, not {row.amount_minor} {row.currency}"
        tasks.open_task(subject=row.ref, code="another_amount", detail=detail)


def _later(row: Obligation, longest: float = work.LONGEST_DELAY, **changes: Any) -> None:
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    rows.update(tries=F("tries") + 1, due_at=work.again_at(row.tries, longest), **changes)
