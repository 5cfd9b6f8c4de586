"""Webhooks whose inbox has news: claimed, sent side by side, and what came of it written down."""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import timedelta

import httpx
from django.db.models import F

from marketplace.core import clock, limits, streams
from marketplace.core.sweeps import Sweep
from marketplace.doors.models import Webhook
from marketplace.doors.webhooks import sending
from marketplace.doors.webhooks.sending import GONE, Message, Reply
from marketplace.doors.webhooks.services import TEST, disable_webhook, good_secrets

LEASE = timedelta(seconds=60)
BUDGET = 10.0  # seconds that one address may take of a claim
EVENTS = 20  # of one webhook in one claim
PATIENCE = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 4 * 3600.0  # seconds


@dataclass(slots=True)
class Claimed:
    """A webhook that is ours for the lease, with what it is to be sent."""

    webhook: Webhook
    secrets: list[str]
    messages: list[tuple[int, Message | None]]
    delivered: int
    reply: Reply | None = None


def deliver_due() -> int:
    """Send what is due; how many webhooks were tried."""
    claimed = [_claimed(row) for row in _claim()]
    if claimed:
        asyncio.run(_send_all(claimed))
    for item in claimed:
        _note(item)
    return len(claimed)


def _claim() -> list[Webhook]:
    """Due rows whose due instant this worker has moved away; who dies has only delayed them by the lease."""
    now = clock.now()
    due = Webhook.objects.filter(state=Webhook.State.ACTIVE, due_at__lte=now, inbox__head__gt=F("delivered"))
    rows = list(due.select_related("inbox", "agent").order_by("due_at")[: limits.SWEEP_BATCH])
    return [row for row in rows if Webhook.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + LEASE) == 1]


def _claimed(row: Webhook) -> Claimed:
    """The next events, in the bytes that every door sends; kinds that are not wanted count as delivered."""
    name = row.inbox.name
    events = streams.read(name, row.delivered, EVENTS)
    wanted = {*row.kinds, TEST} if row.kinds else {event.kind for event in events}
    messages = [
        (event.seq, Message(f"{row.ref}.{event.seq}", streams.frame(name, event)) if event.kind in wanted else None)
        for event in events
    ]
    return Claimed(row, good_secrets(row, clock.now()), messages, row.delivered)


async def _send_all(claimed: list[Claimed]) -> None:
    async with sending.client() as http:
        await asyncio.gather(*(_send_each(http, item) for item in claimed))


async def _send_each(http: httpx.AsyncClient, item: Claimed) -> None:
    """One after the other, until one is not taken or the time is over."""
    until = time.monotonic() + BUDGET
    for seq, message in item.messages:
        if message is None:
            item.delivered = seq
            continue
        headers = sending.headers_for(message, int(time.time()), item.secrets)
        item.reply = await sending.send(http, item.webhook.url, message, headers)
        if not item.reply.taken:
            return
        item.delivered = seq
        if time.monotonic() > until:
            return


def _note(item: Claimed) -> None:
    """Write down what came of it, unless another worker has gone on meanwhile."""
    row, reply, now = item.webhook, item.reply, clock.now()
    rows = Webhook.objects.filter(pk=row.pk, delivered=row.delivered)
    told = {} if reply is None else {"last_status": reply.status, "last_error": reply.error}
    if reply is None or reply.taken:
        rows.update(delivered=item.delivered, tries=0, failing_since=None, due_at=now, **told)
        return
    moved = item.delivered > row.delivered
    tries, since = (0, now) if moved or row.failing_since is None else (row.tries, row.failing_since)
    due_at = now + pause_after(tries)
    rows.update(delivered=item.delivered, tries=tries + 1, failing_since=since, due_at=due_at, **told)
    row.delivered = item.delivered
    if reply.status == GONE or now - since > PATIENCE:
        why = "it answered 410, gone" if reply.status == GONE else f"it took nothing for a day ({_words(reply)})"
        disable_webhook(webhook=row, reason=why)


def pause_after(tries: int) -> timedelta:
    """Four times as long each time, a part of it by chance."""
    return timedelta(seconds=min(LONGEST_PAUSE, FIRST_PAUSE * 4 ** min(tries, 10)) * random.uniform(0.8, 1.2))


def _words(reply: Reply) -> str:
    return reply.error or f"status {reply.status}"


SWEEPS = (Sweep("doors.webhooks", deliver_due, every=0.5, lane="webhooks"),)
