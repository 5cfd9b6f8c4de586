"""Letters: an e-mail to the person whose agent asks, with a link that leads behind the login."""

from django.conf import settings
from django.core.mail import send_mail

from marketplace.core import limits
from marketplace.core.untrusted import visible
from marketplace.mandates.models import CheckIn

BODY = """Your agent {agent} asks you before it goes on.

Read what it wants to do, and answer until {until:%d %B %Y, %H:%M} UTC:
{link}

Without an answer nothing is done. This letter says nothing of the act itself, for letters are read by others.
"""


def ask_page(checkin_ref: str) -> str:
    """The address where a person answers; it needs a login."""
    return f"{settings.PUBLIC_URL}/me/asks/{checkin_ref}/"


def send_due() -> int:
    """Write to the people who were not written to yet; a letter that fails is not repeated: the page shows the ask."""
    due = CheckIn.objects.filter(mail_due=True, state=CheckIn.State.PENDING)
    return sum(_send(row) for row in due.select_related("agent", "principal__user")[: limits.SWEEP_BATCH])


def _send(row: CheckIn) -> bool:
    if CheckIn.objects.filter(pk=row.pk, mail_due=True).update(mail_due=False) != 1:
        return False
    user = row.principal.user
    if user is not None and user.email:
        name = visible(row.agent.name, 60)
        body = BODY.format(agent=name, until=row.answer_by, link=ask_page(row.ref))
        send_mail(f"{name} asks you", body, None, [user.email], fail_silently=True)
    return True
