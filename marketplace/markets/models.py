"""Markets, their lots and the rounds in which they clear."""

from django.db import models
from simple_history.models import HistoricalRecords

from marketplace.agents.models import Agent
from marketplace.core.causes import CauseField
from marketplace.core.limits import NAME_CHARS
from marketplace.settlement.models import Journal

NOT_CONFIGURED = (  # by hand: what its life, the keys and the clearing make of it
    *("state", "opening_refused", "open_again_at", "settled_at", "cancel_reason", "participants", "alerted"),
    *("seed", "bid_key", "sealed_bid_key", "clearing_key", "receipts_root", "last_bid", "course", "turn_due_at"),
    *("journal", "operator", "created_at", "template", "opener", "invited_only"),
)


class Template(models.Model):
    """A rule with bounds, approved once by an operator, by which agents open markets themselves."""

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        RETIRED = "retired"

    class Side(models.TextChoices):
        SELLER = "seller"
        BUYER = "buyer"
        EITHER = "either"

    name = models.SlugField(max_length=40, unique=True, help_text="what agents call it, such as sale")
    title = models.CharField(max_length=NAME_CHARS)
    description = models.TextField(max_length=1000, help_text="for agents: what it is for")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    mechanism = models.CharField(max_length=60, help_text="slug of the rule")
    params = models.JSONField(
        default=dict, blank=True, help_text="the rule's parameters, unless the opener says others"
    )
    bounds = models.JSONField(
        default=dict,
        blank=True,
        help_text='what the opener may say: {"answer_s": {"least": 5, "most": 3600}, "first": {"one_of": ["buyer"]}}',
    )
    side = models.CharField(max_length=10, choices=Side.choices, help_text="which side the opener is on")
    invited_only = models.BooleanField(default=False, help_text="nobody else may join, or finds it in a list")
    invitations = models.PositiveSmallIntegerField(default=0, help_text="whom the opener must invite at once, if any")
    lots = models.PositiveSmallIntegerField(default=1, help_text="in one market at most")
    currencies = models.JSONField(default=list, blank=True, help_text='such as ["EUR"]; empty: any')
    categories = models.JSONField(default=list, blank=True, help_text='of lots, such as ["flight/1"]; empty: any')
    shortest_s = models.PositiveIntegerField(default=1, help_text="seconds that a market is open at least")
    longest_s = models.PositiveIntegerField(default=6 * 24 * 3600, help_text="and at most")
    disclosure = models.CharField(max_length=20, default="own_only")
    money = models.CharField(max_length=10, blank=True, help_text="how it is taken; empty: by size")
    fee_bp = models.PositiveSmallIntegerField(
        default=0, help_text="hundredths of a percent of what sellers receive that the platform keeps"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=40, blank=True, help_text="the house, or staff by number")
    history = HistoricalRecords(excluded_fields=("state", "approved_at", "approved_by"))

    def __str__(self) -> str:
        return self.name


class Market(models.Model):
    """A sale or negotiation of lots under one mechanism."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"
        SETTLED = "settled"
        CANCELLED = "cancelled"

    class Disclosure(models.TextChoices):
        OWN_ONLY = "own_only"
        PSEUDONYMOUS = "pseudonymous"
        PUBLIC = "public"

    class Money(models.TextChoices):
        AUTHORISE = "authorise"  # the limit is held at joining, captured in part or let go
        CHARGE = "charge"  # a saved card is charged at clearing
        PREPAID = "prepaid"  # the limit is held of what was paid in before

    class OnDefault(models.TextChoices):
        NEXT_BEST = "next_best"  # a new round without the defaulter
        DEPOSIT = "deposit"  # a flat sum, held at joining, goes to the sellers
        VOID = "void"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, mkt_...")
    title = models.CharField(max_length=NAME_CHARS)
    description = models.TextField(blank=True, max_length=4000)
    mechanism = models.CharField(max_length=60, help_text="slug of the rule that clears it")
    params = models.JSONField(default=dict, blank=True, help_text="the rule's parameters")
    currency = models.CharField(max_length=3)
    exponent = models.PositiveSmallIntegerField(default=2, help_text="bids count 10^-exponent of the currency")
    disclosure = models.CharField(max_length=20, choices=Disclosure.choices, default=Disclosure.OWN_ONLY)
    money = models.CharField(
        max_length=10,
        choices=Money.choices,
        blank=True,
        help_text="how it is taken; empty: by size",
    )
    on_default = models.CharField(
        max_length=10, choices=OnDefault.choices, blank=True, help_text="what a declined charge leads to"
    )
    deposit_minor = models.BigIntegerField(default=0, help_text="held at joining, forfeited by who does not pay")
    most_minor = models.BigIntegerField(null=True, blank=True, help_text="the largest charge, and so the largest limit")
    fee_bp = models.PositiveSmallIntegerField(
        default=0, help_text="hundredths of a percent of what sellers receive that the platform keeps"
    )
    accept_within_s = models.PositiveIntegerField(
        default=0, help_text="seconds that sellers have to accept what is awarded; 0: to offer a lot is to accept"
    )
    agenda = models.JSONField(
        default=dict, blank=True, help_text='what a haggle is about: {"issues": {name: values}, "transfers": [...]}'
    )
    course = models.JSONField(
        default=dict, blank=True, editable=False, help_text="of a rule of turns: from when and until when moves count"
    )
    turn_due_at = models.DateTimeField(
        null=True, blank=True, db_index=True, editable=False, help_text="when time is the next to move"
    )
    cancellation = models.JSONField(
        default=list, blank=True, help_text='for bidders: [{"within_s": 86400, "refund_percent": 100}]'
    )
    several_agents = models.BooleanField(default=False, help_text="agents of one principal may bid side by side")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, db_index=True)
    opening_refused = models.CharField(max_length=500, blank=True, help_text="why it could not open at its time")
    open_again_at = models.DateTimeField(null=True, blank=True, help_text="when the sweep tries again")
    opens_at = models.DateTimeField(null=True, blank=True, help_text="empty: only by an operator's button")
    closes_at = models.DateTimeField(db_index=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    seed = models.CharField(max_length=64, help_text="hex; committed to at the opening, published at the close")
    bid_key = models.BinaryField(default=b"", help_text="public half of the pair that its bids are sealed under")
    sealed_bid_key = models.BinaryField(default=b"", help_text="the other half, sealed to the clearing's public key")
    clearing_key = models.CharField(max_length=64, blank=True, help_text="hex; the public key that it is sealed to")
    receipts_root = models.CharField(max_length=64, blank=True, help_text="hex; Merkle root of all receipts")
    participants = models.PositiveIntegerField(default=0)
    alerted = models.BooleanField(default=False, help_text="whether those who wait for such a market were told")
    last_bid = models.BigIntegerField(default=0, help_text="number of the last bid; never shown before the close")
    journal = models.OneToOneField(Journal, on_delete=models.PROTECT, related_name="market")
    operator = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="markets")
    template = models.ForeignKey(
        Template, null=True, editable=False, on_delete=models.PROTECT, help_text="by which an agent opened it"
    )
    opener = models.ForeignKey(
        Agent, null=True, editable=False, on_delete=models.PROTECT, related_name="opened", help_text="that agent"
    )
    invited_only = models.BooleanField(default=False, editable=False, help_text="only the opener and who is invited")
    created_at = models.DateTimeField()
    history = HistoricalRecords(excluded_fields=NOT_CONFIGURED)

    def __str__(self) -> str:
        return f"{self.title} ({self.ref})"

    @property
    def stream(self) -> str:
        """The name of its public stream."""
        return f"market:{self.ref}"


class Lot(models.Model):
    """A thing, or several alike, traded in a market."""

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="lots")
    name = models.CharField(max_length=64, help_text="its id in bids")
    title = models.CharField(max_length=NAME_CHARS, blank=True)
    supply = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="units for sale; empty: the rule's default (1; 0 with two sides)"
    )
    reserve = models.BigIntegerField(default=0, help_text="least price per unit, in the market's units")
    seller = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="lots")
    buyer = models.ForeignKey(
        Agent,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="wanted",
        help_text="of a request: who asks",
    )
    category = models.CharField(max_length=64, blank=True, help_text="what kind of thing, such as train-seat/1")
    attributes = models.JSONField(default=dict, blank=True)
    history = HistoricalRecords()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["market", "name"], name="lot_once")]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """An agent that the opener of a market wants there."""

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="invited")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="invitations")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["market", "agent"], name="invited_once")]

    def __str__(self) -> str:
        return f"{self.agent_id} to {self.market_id}"


class Round(models.Model):
    """One clearing of a market."""

    class State(models.TextChoices):
        PENDING = "pending"
        CLEARING = "clearing"
        CLEARED = "cleared"
        FAILED = "failed"
        SUPERSEDED = "superseded"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, rnd_...")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="rounds")
    n = models.PositiveSmallIntegerField(help_text="1, 2, ... within the market")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING, db_index=True)
    status = models.CharField(max_length=20, blank=True, help_text="the outcome's status, such as cleared or no_trade")
    problem = models.TextField(blank=True, help_text="the frozen input, JSON")
    outcome = models.TextField(blank=True, help_text="the frozen result, JSON")
    digest = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=500, default="the market closed", help_text="why its bids were opened")
    failure = models.CharField(max_length=500, blank=True)
    without = models.JSONField(default=list, help_text="participations that it leaves out: they did not pay before")
    without_lots = models.JSONField(default=list, help_text="lots that it leaves out: their seller did not accept")
    binding = models.BooleanField(default=True, help_text="its awards bind; not so while sellers may refuse them")
    default_resolved = models.BooleanField(default=False, help_text="the rule for defaults was applied to it")
    claim = models.CharField(max_length=32, blank=True, help_text="token of the worker that clears it")
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="renewed while that worker lives")
    caused_by = CauseField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["market", "n"], name="round_once")]

    def __str__(self) -> str:
        return f"{self.ref} ({self.state})"
