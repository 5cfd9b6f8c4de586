"""What the doors remember: where agents want to be told."""

from django.db import models

from marketplace.agents.models import Agent
from marketplace.core.models import Stream
from marketplace.core.secrets import SecretField


class Webhook(models.Model):
    """An address that gets an agent's inbox, event by event, in order and at least once each."""

    class State(models.TextChoices):
        ACTIVE = "active"
        DISABLED = "disabled"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, whk_...")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="webhooks")
    inbox = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    kinds = models.JSONField(default=list, blank=True, help_text="only these kinds of events; empty: all")
    secret = SecretField(help_text="signs what is sent")
    old_secret = SecretField(null=True, blank=True, help_text="signs too, for a day after a rotation")
    rotated_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    delivered = models.BigIntegerField(help_text="number of the last event that was taken")
    tries = models.PositiveSmallIntegerField(default=0, help_text="how often the next event was not taken")
    failing_since = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(db_index=True, help_text="not tried before")
    last_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="what the address last answered")
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.ref
