"""What stands beside the money: attempts at Stripe, what Stripe tells us, tasks for people, whose a balance is."""

from django.db import models

from marketplace.agents.models import Principal
from marketplace.core.causes import CauseField


class WebhookEvent(models.Model):
    """A signed message from Stripe, stored before it is answered; it only tells us what to fetch."""

    event_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    caused_by = CauseField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text="when a sweep shall look; moved on by its claim")
    tries = models.PositiveSmallIntegerField(default=0)
    handled_at = models.DateTimeField(null=True, blank=True)
    body = models.TextField(help_text="as received; never trusted for money")

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="webhook_due")]

    def __str__(self) -> str:
        return self.event_id


class Attempt(models.Model):
    """One key under which Stripe is asked for one thing: stored before the first call, kept for good.

    Repeats go under the same key. A later attempt, with a new key, begins only where this one was declined, or is
    proven to have left nothing (`absent`).
    """

    class State(models.TextChoices):
        ASKED = "asked"  # a call may be on its way; what became of it is not known yet
        DONE = "done"
        DECLINED = "declined"
        ABSENT = "absent"

    key = models.CharField(max_length=80, unique=True, help_text="the idempotency key: what, which attempt, which call")
    subject = models.CharField(max_length=32, db_index=True, help_text="the obligation or authorisation, obl_, aut_")
    verb = models.CharField(max_length=10)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    calls = models.PositiveSmallIntegerField(default=1, help_text="how often the key was sent, at most")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(help_text="when the key was sent last, at the latest")
    answered_at = models.DateTimeField(null=True, blank=True)
    stripe_id = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.key


class Reconciliation(models.Model):
    """When a journal was, and will be, held against Stripe's books."""

    journal = models.OneToOneField("settlement.Journal", on_delete=models.PROTECT, related_name="reconciliation")
    head_seq = models.BigIntegerField(default=0, help_text="how far the journal was when it was compared last")
    looked_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when a sweep shall compare; moved on by its claim")

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="reconciliation_due")]

    def __str__(self) -> str:
        return f"books of {self.journal_id}"


class PayoutAccount(models.Model):
    """Where a principal is paid: a connected account at Stripe, one per principal."""

    class State(models.TextChoices):
        PENDING = "pending"  # the form is not filled in, or Stripe looks at it
        ENABLED = "enabled"
        RESTRICTED = "restricted"  # Stripe wants more, or refuses

    ref = models.CharField(max_length=32, unique=True, help_text="public name, pay_...")
    principal = models.OneToOneField(Principal, on_delete=models.PROTECT, related_name="payout_account")
    country = models.CharField(max_length=2)
    stripe_account = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    due = models.JSONField(default=list, help_text="what Stripe wants to know before it pays")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.ref


class Balance(models.Model):
    """What a principal has paid in and not spent, in one currency; the journal has its name, and is its lock."""

    principal = models.ForeignKey(Principal, on_delete=models.PROTECT, related_name="balances")
    currency = models.CharField(max_length=3)
    journal = models.OneToOneField("settlement.Journal", on_delete=models.PROTECT, related_name="balance")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "currency"], name="balance_once")]

    def __str__(self) -> str:
        return f"{self.principal_id} {self.currency}"


class Funding(models.Model):
    """Money that the house set aside for subsidies, by whose word and why."""

    journal = models.ForeignKey("settlement.Journal", on_delete=models.PROTECT, related_name="fundings")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    by = models.CharField(max_length=80, help_text="staff, by number")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="funding_positive")]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class Task(models.Model):
    """Something that only a person can decide or should know, about one thing; open once at a time."""

    subject = models.CharField(max_length=80, db_index=True, help_text="obl_, aut_, rnd_, or a journal's name")
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "code"], condition=models.Q(closed_at=None), name="task_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"


class Dispute(models.Model):
    """What a cardholder takes back of a collect through the bank; until that decides, its round pays nothing out."""

    class State(models.TextChoices):
        INQUIRY = "inquiry"  # the bank asks only: no money has moved
        OPEN = "open"
        WON = "won"  # the money is back
        LOST = "lost"

    TAKEN = (State.OPEN, State.LOST)  # the bank has the money

    stripe_id = models.CharField(max_length=64, unique=True, help_text="du_...")
    obligation = models.ForeignKey("settlement.Obligation", on_delete=models.PROTECT, related_name="disputes")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.INQUIRY)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    covered_at = models.DateTimeField(
        null=True, blank=True, help_text="when a loss was taken from what was still held for the sellers"
    )

    def __str__(self) -> str:
        return self.stripe_id
