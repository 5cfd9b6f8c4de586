"""Categories, and preferences with their versions."""

from django.db import models
from simple_history.models import HistoricalRecords

from marketplace.agents.models import Agent
from marketplace.core.secrets import SecretField


class Category(models.Model):
    """A schema of attributes beside the house's own; frozen from its first use on."""

    name = models.CharField(max_length=64, unique=True, help_text="with its version, such as concert-ticket/1")
    schema = models.JSONField(help_text='{"title": ..., "attributes": {name: {"type": ..., "unit": ...}}}')
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, help_text="when a lot or a preference first named it")
    history = HistoricalRecords(excluded_fields=("created_at", "used_at"))

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """What an agent's person wants; the content stands in its versions."""

    ref = models.CharField(max_length=32, unique=True, help_text="public name, prf_...")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="preferences")
    version = models.PositiveIntegerField(default=1, help_text="the one that stands; 1, 2, ...")
    alert = models.BooleanField(default=False, help_text="whether its agent hears of markets with a lot that it admits")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["alert"], condition=models.Q(alert=True), name="preference_alerts")]

    def __str__(self) -> str:
        return self.ref


class PreferenceVersion(models.Model):
    """One wording of a preference, encrypted at rest, never changed."""

    preference = models.ForeignKey(Preference, on_delete=models.CASCADE, related_name="versions")
    n = models.PositiveIntegerField()
    content = SecretField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preference", "n"], name="preference_version_once")]

    def __str__(self) -> str:
        return f"{self.preference_id} version {self.n}"
