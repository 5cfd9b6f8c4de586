"""Mandates in their versions, what they are committed to, and the questions that agents put to their people."""

from django.conf import settings
from django.db import models

from marketplace.agents.models import Agent, Principal
from marketplace.core.causes import CauseField
from marketplace.core.secrets import SecretField


class Mandate(models.Model):
    """One version of what an agent may do; the last one counts, and is never edited."""

    ref = models.CharField(max_length=32, unique=True, help_text="public name, mnd_...")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="mandates")
    version = models.PositiveIntegerField(help_text="1, 2, 3 ... for this agent")
    document = models.TextField(help_text="the mandate, JSON")
    granted_by = models.CharField(max_length=40, help_text="who: a principal, or the agent above; prn_... or agt_...")
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, help_text="from then on the agent may do nothing")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "version"], name="mandate_version_once")]

    def __str__(self) -> str:
        return f"{self.ref} v{self.version}"


class Commitment(models.Model):
    """An amount that one act may cost (`standing`) or has cost, counted for the agent and each one above it.

    Ceilings are sums over these rows, taken under the lock of the tree's first agent.
    """

    holder = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="commitments", help_text="whose ceiling")
    reference = models.CharField(max_length=80, help_text="the participation, prt_...")
    n = models.PositiveSmallIntegerField(help_text="1 for the joining, 2, 3 ... for raises")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField(help_text="the most it may cost; once ended, what it did cost")
    day = models.DateField(help_text="the day of the act in the principal's time zone")
    standing = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holder", "reference", "n"], name="commitment_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="commitment_not_negative"),
        ]
        indexes = [
            models.Index(fields=["holder", "currency", "day"], name="commitment_sums"),
            models.Index(fields=["reference"], condition=models.Q(standing=True), name="commitment_standing"),
        ]

    def __str__(self) -> str:
        return f"{self.reference}#{self.n}"


class CheckIn(models.Model):
    """A question to a person: may the agent do this? Bound to one act by its digest."""

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"  # the person says yes; the act is still to be done
        DECLINED = "declined"
        LAPSED = "lapsed"  # no answer in time: nothing was done
        DONE = "done"
        VOID = "void"  # approved, but the act had become impossible

    ref = models.CharField(max_length=32, unique=True, help_text="public name, chk_...")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="checkins")
    principal = models.ForeignKey(Principal, on_delete=models.PROTECT, related_name="checkins")
    reference = models.CharField(max_length=80, help_text="the participation that it is about, prt_...")
    waiting = models.CharField(max_length=80, db_index=True, help_text="what waits: prt_..., or a raise of it, rai_...")
    digest = models.CharField(max_length=64, help_text="of the act that is asked about")
    act = SecretField(help_text="the act, and why it is asked about: the agent's and the principal's own")
    purses = models.JSONField(default=list, help_text="payment sources to choose from, where rules do not choose")
    purse = models.CharField(max_length=64, blank=True, help_text="the one that the person chose")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING, db_index=True)
    outcome = models.CharField(max_length=60, blank=True, help_text="why it is void: a refusal's code")
    answer_by = models.DateTimeField(db_index=True, help_text="after it, nothing is done")
    caused_by = CauseField()
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    mail_due = models.BooleanField(default=True, help_text="its principal was not written to yet")

    def __str__(self) -> str:
        return self.ref


class Case(models.Model):
    """An act and what the person said to it: what rules are learned from."""

    class Answer(models.TextChoices):
        ALONE = "alone"  # do it
        ASK = "ask"  # ask me
        NEVER = "never"

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="cases")
    act = SecretField(help_text="the facts of the act, and when")
    answer = models.CharField(max_length=5, choices=Answer.choices)
    checkin = models.OneToOneField(CheckIn, null=True, blank=True, on_delete=models.SET_NULL, related_name="case")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.agent_id}: {self.answer}"
