"""Journals and transfers, the holds and obligations behind a market."""

from django.db import models

from marketplace.agents.models import Principal
from marketplace.core.causes import CauseField
from marketplace.core.limits import NAME_CHARS
from marketplace.settlement.records import (
    Attempt,
    Balance,
    Dispute,
    Funding,
    PayoutAccount,
    Reconciliation,
    Task,
    WebhookEvent,
)

__all__ = [
    "Attempt",
    "Authorisation",
    "Balance",
    "Dispute",
    "Funding",
    "Journal",
    "Obligation",
    "PaymentMethod",
    "PayoutAccount",
    "Reconciliation",
    "Task",
    "Transfer",
    "WebhookEvent",
]


FEE_HELP = "kept of a payout beside it; given back with a reversal; of a refund what comes from the surplus"


class PaymentMethod(models.Model):
    """A card that a principal pays with, kept by Stripe; here are only its names there."""

    class State(models.TextChoices):
        PENDING = "pending"  # Stripe has been asked, or the person: the answer is not stored yet
        ACTIVE = "active"
        REMOVED = "removed"  # refused by Stripe, or taken away

    ref = models.CharField(max_length=32, unique=True, help_text="public name, pmt_...")
    principal = models.ForeignKey(Principal, on_delete=models.PROTECT, related_name="payment_methods")
    token = models.CharField(max_length=64, help_text="what the agent named: a Stripe payment method, pm_...")
    label = models.CharField(max_length=NAME_CHARS, blank=True, help_text="for people: brand and last four digits")
    purse = models.CharField(max_length=64, blank=True, help_text="what it is for: work, personal")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Stripe's name of the card, whoever saves it")
    stripe_customer = models.CharField(max_length=64, blank=True)
    stripe_payment_method = models.CharField(max_length=64, blank=True)
    setup_intent = models.CharField(max_length=64, blank=True, help_text="of the page on which its person saves it")
    page = models.TextField(blank=True, help_text="the address of that page, at Stripe")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempt = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "token"], name="payment_method_once")]

    def __str__(self) -> str:
        return self.ref


class Journal(models.Model):
    """The books of one market: an append-only, hash-chained list of transfers; this row is its lock."""

    name = models.CharField(max_length=80, unique=True, help_text="for example market:mkt_x")
    currency = models.CharField(max_length=3)
    head_seq = models.BigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return self.name


class Transfer(models.Model):
    """One movement between two accounts; it cannot be unbalanced, and a correction is another row."""

    class Kind(models.TextChoices):
        POSTED = "posted"
        PENDING = "pending"  # a hold: promised, not moved
        POST_PENDING = "post_pending"  # moves (part of) a hold
        VOID_PENDING = "void_pending"  # lets go of (the rest of) a hold

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="transfers")
    seq = models.BigIntegerField(help_text="1, 2, 3 ... within the journal, no gaps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    debit = models.CharField(max_length=80, help_text="the account that gives, for example payer:prt_x")
    credit = models.CharField(max_length=80, help_text="the account that receives, for example market:mkt_x")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    pending = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="closings", help_text="the hold it closes"
    )
    reference = models.CharField(max_length=80, db_index=True, help_text="what it is about: prt_..., rnd_...")
    at = models.DateTimeField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["journal", "seq"], name="transfer_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~models.Q(debit=models.F("credit")), name="transfer_moves"),
            models.CheckConstraint(
                condition=models.Q(kind__in=("posted", "pending"), pending=None)
                | models.Q(kind__in=("post_pending", "void_pending"), pending__isnull=False),
                name="transfer_closes_a_hold",
            ),
        ]
        indexes = [  # a balance is a sum over all journals
            models.Index(fields=["debit"], condition=models.Q(debit__startswith="balance:"), name="taken_of_balance"),
            models.Index(fields=["credit"], condition=models.Q(credit__startswith="balance:"), name="put_on_balance"),
        ]

    def __str__(self) -> str:
        return f"{self.journal_id}#{self.seq} {self.kind}"


class Authorisation(models.Model):
    """The hold behind a participation: what Stripe has set aside on the principal's card.

    `pending`: Stripe was not asked yet. `unknown`: it may have been; the call is repeated under the same key.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        UNKNOWN = "unknown"
        AUTHORISED = "authorised"
        REFUSED = "refused"
        CAPTURED = "captured"
        RELEASED = "released"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, aut_...")
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="authorisations")
    reference = models.CharField(max_length=80, unique=True, help_text="the participation, prt_...")
    principal = models.ForeignKey(Principal, on_delete=models.PROTECT, related_name="authorisations")
    payment_method = models.ForeignKey(PaymentMethod, null=True, blank=True, on_delete=models.PROTECT)
    balance = models.ForeignKey(
        Balance, null=True, blank=True, on_delete=models.PROTECT, help_text="held of it, in our books alone"
    )
    amount_minor = models.BigIntegerField(help_text="what is held: the limit, a deposit, or nothing")
    later_minor = models.BigIntegerField(default=0, help_text="the limit, where it is charged at the outcome")
    currency = models.CharField(max_length=3)
    payment_intent = models.CharField(max_length=64, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    captured_minor = models.BigIntegerField(default=0)
    needed_until = models.DateTimeField(null=True, blank=True, help_text="when its market will have settled")
    capture_before = models.DateTimeField(null=True, blank=True, help_text="until when Stripe says that it holds")
    attempt = models.PositiveSmallIntegerField(default=1, help_text="part of every idempotency key")
    tries = models.PositiveSmallIntegerField(default=0, help_text="calls without a clear answer; spaces the next one")
    release_due = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when a sweep shall look; moved on by its claim")
    decline_code = models.CharField(max_length=64, blank=True)
    caused_by = CauseField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="authorisation_not_negative"),
            models.CheckConstraint(
                condition=models.Q(
                    captured_minor__gte=0, captured_minor__lte=models.F("amount_minor") + models.F("later_minor")
                ),
                name="authorisation_not_exceeded",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="authorisation_due"),
        ]

    def __str__(self) -> str:
        return self.ref


class Obligation(models.Model):
    """Money owed by an outcome: collected from a payer, or paid out to a payee; or given back after that."""

    class Kind(models.TextChoices):
        COLLECT = "collect"
        PAYOUT = "payout"
        REFUND = "refund"  # of (part of) a collect, to who paid it
        REVERSAL = "reversal"  # of (part of) a payout, back from who got it
        RESTORE = "restore"  # of a reversal, to who gave it back for a refund that was not made

    PAYS = (Kind.PAYOUT, Kind.RESTORE)  # a payee, by a transfer

    class Way(models.TextChoices):
        CAPTURE = "capture"  # from the hold behind the participation
        CHARGE = "charge"  # from the saved card, once the outcome is known
        BALANCE = "balance"  # from the payer's balance, in our books alone

    class State(models.TextChoices):
        PENDING = "pending"
        UNKNOWN = "unknown"
        PAID = "paid"
        DEFAULTED = "defaulted"
        HELD_FOR_SELLER = "held_for_seller"  # collected; the payee has no account that can be paid
        REFUNDED = "refunded"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, obl_...")
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="obligations")
    round_ref = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.CAPTURE, help_text="how it is collected")
    reference = models.CharField(max_length=80, help_text="the participation that owes or is owed, prt_...")
    principal = models.ForeignKey(Principal, on_delete=models.PROTECT, related_name="obligations")
    authorisation = models.ForeignKey(Authorisation, null=True, blank=True, on_delete=models.PROTECT)
    of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="returns", help_text="what it gives back"
    )
    unlocks = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="awaits", help_text="the refund it is for"
    )
    amount_minor = models.BigIntegerField()
    arrears_minor = models.BigIntegerField(default=0, help_text="of it: what its payer owed from before")
    fee_minor = models.BigIntegerField(default=0, help_text=FEE_HELP)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempt = models.PositiveSmallIntegerField(default=1, help_text="part of every idempotency key")
    tries = models.PositiveSmallIntegerField(default=0, help_text="calls without a clear answer; spaces the next one")
    stripe_id = models.CharField(max_length=64, blank=True, db_index=True)
    last_error = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when a sweep shall look; moved on by its claim")
    caused_by = CauseField()
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round_ref", "kind", "reference"],
                condition=models.Q(kind__in=("collect", "payout")),
                name="obligation_once",
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="obligation_positive"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="obligation_due"),
        ]

    def __str__(self) -> str:
        return self.ref
