"""What is done with webhooks: made, rotated, tried, disabled, deleted."""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from marketplace.agents.inbox import inbox_of, tell
from marketplace.agents.models import Agent
from marketplace.core import clock, limits, sweeps
from marketplace.core.models import Stream
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.core.secrets import Secret
from marketplace.doors.models import Webhook
from marketplace.doors.webhooks.addresses import checked_url
from marketplace.doors.webhooks.sending import SECRET_PREFIX

OVERLAP = timedelta(days=1)  # how long the secret of before signs too
SECRET_BYTES = 32
TEST = "webhook.test"  # passes every filter of kinds


@transaction.atomic
def add_webhook(*, agent: Agent, url: str, kinds: Iterable[str] = ()) -> Webhook:
    """A new webhook; it gets what comes into the inbox from now on."""
    Agent.objects.select_for_update().get(pk=agent.pk)
    if agent.webhooks.count() >= limits.WEBHOOKS_PER_AGENT:
        words = f"An agent has at most {limits.WEBHOOKS_PER_AGENT} webhooks."
        raise Refusal(409, "too_many_webhooks", words, "Delete one that is not used any more.")
    inbox, now = Stream.objects.get(name=inbox_of(agent.ref)), clock.now()
    return Webhook.objects.create(
        ref=new_ref("whk"),
        agent=agent,
        inbox=inbox,
        url=checked_url(url),
        kinds=sorted(set(kinds)),
        secret=_new_secret(),
        delivered=inbox.head,
        due_at=now,
        created_at=now,
    )


@transaction.atomic
def rotate_secret(*, webhook: Webhook) -> Webhook:
    """A new secret; the one of before signs too for a day, so that a receiver can change over."""
    row = Webhook.objects.select_for_update().get(pk=webhook.pk)
    row.old_secret, row.secret, row.rotated_at = row.secret, _new_secret(), clock.now()
    row.save(update_fields=["old_secret", "secret", "rotated_at"])
    return row


@transaction.atomic
def try_webhook(*, webhook: Webhook) -> int:
    """Put a test event into the inbox and try the address at once, also one that was disabled; the event's number."""
    seq = tell(agent_ref=webhook.agent.ref, kind=TEST, facts={"webhook": webhook.ref})
    Webhook.objects.filter(pk=webhook.pk).update(
        state=Webhook.State.ACTIVE, tries=0, failing_since=None, due_at=clock.now()
    )
    sweeps.nudge("doors.webhooks")
    return seq


@transaction.atomic
def disable_webhook(*, webhook: Webhook, reason: str) -> bool:
    """active -> disabled, and the agent is told so in its inbox; False where someone else was first."""
    rows = Webhook.objects.filter(pk=webhook.pk, state=Webhook.State.ACTIVE, delivered=webhook.delivered)
    if rows.update(state=Webhook.State.DISABLED) != 1:
        return False
    facts = {"webhook": webhook.ref, "reason": reason, "delivered": webhook.delivered}
    tell(agent_ref=webhook.agent.ref, kind="webhook.disabled", facts=facts)
    return True


def good_secrets(webhook: Webhook, now: datetime) -> list[str]:
    """What signs now."""
    old = webhook.old_secret if webhook.rotated_at and now < webhook.rotated_at + OVERLAP else None
    return [secret.open() for secret in (webhook.secret, old) if secret is not None]


def _new_secret() -> Secret:
    return Secret(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())
