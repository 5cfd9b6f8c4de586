"""Principals, the agents that act for them, and the agents' keys."""

from django.conf import settings
from django.db import models

from marketplace.core.limits import NAME_CHARS


class Principal(models.Model):
    """A person or firm; owes and is owed money. The one table that holds personal data."""

    class Kind(models.TextChoices):
        PERSON = "person"
        FIRM = "firm"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, prn_...")
    name = models.CharField(max_length=NAME_CHARS)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, help_text="who may sign in as it"
    )
    time_zone = models.CharField(max_length=64, default="UTC", help_text="its days begin here, such as Europe/Rome")
    created_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True, blank=True, help_text="since when its agents may do nothing")
    suspended_for = models.CharField(max_length=200, blank=True, help_text="why, for operators")

    def __str__(self) -> str:
        return self.ref


class Agent(models.Model):
    """A program that acts for one principal."""

    ref = models.CharField(max_length=32, unique=True, help_text="public name, agt_...")
    principal = models.ForeignKey(Principal, on_delete=models.PROTECT, related_name="agents")
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subagents",
        help_text="who made it, if any",
    )
    name = models.CharField(max_length=NAME_CHARS)
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="its keys were revoked, for good")

    def __str__(self) -> str:
        return self.ref


class ApiKey(models.Model):
    """A bearer key, kept only as a hash; 256 random bits need no salt and no slow hash."""

    ref = models.CharField(max_length=32, unique=True, help_text="public name, key_...")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=16, help_text="its first characters, to tell keys apart")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key")
    scopes = models.CharField(max_length=80, help_text="what it may do, by words: read trade keys operate")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="good for nothing from then on; empty: never")
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"
