"""Streams: everything that an observer can see, numbered without gaps."""

from django.db import models

from marketplace.core.secrets import SecretField


class Stream(models.Model):
    """One ordered log; the row is its lock, `head` the number of its last event."""

    # A unique CharField would get a second index for LIKE; every event writes to this table.
    name = models.CharField(max_length=80, help_text="for example market:mkt_x or participation:prt_x")
    head = models.BigIntegerField(default=0, help_text="sequence number of the last event; 0 when there is none")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="stream_name_once")]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One row of a stream, appended in the transaction that made it true and never changed."""

    # No index of its own, for event_once has one; no constraint, for who appends has locked the stream's row.
    stream = models.ForeignKey(
        Stream, on_delete=models.PROTECT, related_name="events", db_index=False, db_constraint=False
    )
    seq = models.BigIntegerField(help_text="1, 2, 3 ... within the stream, no gaps")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="the database's clock")
    payload = models.TextField(help_text="JSON, written once, sent as it stands")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="event_once")]

    def __str__(self) -> str:
        return f"{self.stream_id}#{self.seq} {self.kind}"


class Forwarding(models.Model):
    """One stream copied into another: what is appended to `source` is appended to `target` in the same transaction."""

    source = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="forwarded_to")
    target = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="forwarded_from")
    facts = models.JSONField(default=dict, help_text="added to each copied payload: where it comes from")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target"], name="forwarding_once")]

    def __str__(self) -> str:
        return f"{self.source_id} -> {self.target_id}"


class IdempotentAnswer(models.Model):
    """The stored answer to a POST with an Idempotency-Key, so that a repeat gets the same bytes."""

    key_hash = models.CharField(max_length=64, unique=True, help_text="HMAC of caller, path and key")
    body_hash = models.CharField(max_length=64, help_text="HMAC of the body that came with the key")
    status = models.PositiveSmallIntegerField()
    answer = SecretField(help_text="the answer as it left; it may repeat what only its caller may read")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key_hash[:12]
