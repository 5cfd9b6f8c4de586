"""Contracts: what each award binds its parties to."""

from django.db import models

from marketplace.agents.models import Agent
from marketplace.bidding.models import Participation
from marketplace.markets.models import Market, Round


class Contract(models.Model):
    """What one bidder and one seller owe each other by an award; the signed document says it to anybody."""

    class State(models.TextChoices):
        OFFERED = "offered"  # the seller has not answered yet; nothing is collected
        ACCEPTED = "accepted"
        REFUSED = "refused"
        LAPSED = "lapsed"  # the seller did not answer in time
        SUPERSEDED = "superseded"  # another contract of its round failed, or the round was not paid
        CANCELLED = "cancelled"  # by one of its parties, under the market's terms

    ref = models.CharField(max_length=32, unique=True, help_text="public name, ctr_...")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="contracts")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="contracts")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="contracts")
    seller = models.ForeignKey(
        Agent, null=True, on_delete=models.PROTECT, related_name="contracts", help_text="empty: the market itself"
    )
    state = models.CharField(max_length=10, choices=State.choices)
    amount_minor = models.BigIntegerField(help_text="its part of what is collected, in minor units")
    document = models.TextField(help_text="the JWS that both parties hold")
    acceptance = models.TextField(blank=True, help_text="the JWS that says how it was answered")
    answer_by = models.DateTimeField(null=True, blank=True, db_index=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    refund = models.ForeignKey(
        "settlement.Obligation", null=True, blank=True, on_delete=models.PROTECT, help_text="that its cancellation made"
    )
    refund_minor = models.BigIntegerField(default=0, help_text="given back when it was cancelled")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "participation", "seller"], name="contract_once"),
        ]

    def __str__(self) -> str:
        return self.ref
