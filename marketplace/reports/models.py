"""What reports keep: the parts of cleared rounds as rows, outcomes taken from elsewhere, and exports on their way."""

from django.db import models

from marketplace.agents.models import Agent
from marketplace.core.causes import CauseField
from marketplace.core.limits import NAME_CHARS
from marketplace.markets.models import Market, Round

PARTY = "who: a pseudonym, drawn anew for each export and the same within it; empty for the market itself"


class Tabulation(models.Model):
    """That a round's problem and outcome stand as rows; they can be thrown away and made again at any time."""

    round = models.OneToOneField(Round, on_delete=models.CASCADE, related_name="tabulation")
    version = models.PositiveSmallIntegerField(help_text="of the code that made the rows")
    rule_version = models.PositiveSmallIntegerField(help_text="version of the rule that stood when it was tabulated")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tabulation of {self.round_id}"


class Row(models.Model):
    """A part of one tabulated round."""

    tabulation = models.ForeignKey(Tabulation, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class PartyRow(Row):
    """Somebody who took part."""

    class Side(models.TextChoices):
        BUYER = "buyer"
        SELLER = "seller"
        BOTH = "both"
        NONE = "none"

    party = models.CharField(max_length=200, help_text=PARTY)
    side = models.CharField(max_length=6, choices=Side.choices, help_text="what its bid asks for; none: it made no bid")
    limit_minor = models.BigIntegerField(null=True, help_text="most that it could be charged, in minor units")
    joined_at = models.DateTimeField(null=True, help_text="when it joined")
    bids_made = models.IntegerField(
        null=True, help_text="bids acknowledged in all, replaced and withdrawn ones included"
    )


class BidRow(Row):
    """A part of a standing bid: one atom, step or offer."""

    class Kind(models.TextChoices):
        ATOM = "atom"
        STEP = "step"
        OFFER = "offer"

    party = models.CharField(max_length=200, help_text=PARTY)
    part = models.IntegerField(help_text="1, 2, ... within the bid")
    kind = models.CharField(
        max_length=5,
        choices=Kind.choices,
        help_text="atoms of one bid exclude each other, steps add up; an offer answers a buyer's request",
    )
    lot = models.CharField(max_length=64, null=True, help_text="the lot, where the part is of one lot")
    quantity = models.BigIntegerField(null=True, help_text="units of that lot; negative: offered")
    price = models.BigIntegerField(null=True, help_text="of a step or offer: the reported price of one unit")
    value = models.BigIntegerField(
        null=True, help_text="of an atom: the reported value of all of it; a seller's is negative"
    )
    bundle = models.TextField(
        null=True, help_text="of an atom of several lots: quantities by lot; of an offer: its attributes"
    )
    budget = models.BigIntegerField(null=True, help_text="most that the bid lets itself be charged")


class AwardRow(Row):
    """What one participant got of one lot."""

    party = models.CharField(max_length=200, help_text=PARTY)
    lot = models.CharField(max_length=64, help_text="the lot")
    quantity = models.BigIntegerField(help_text="units that it gets; negative: that it gives")
    position = models.IntegerField(null=True, help_text="the slot, counted from 1, where slots are sold")
    price = models.BigIntegerField(null=True, help_text="the lot's price of one unit, where the rule has one")
    reported_value = models.BigIntegerField(
        null=True,
        help_text="reported value of these units, where it does not hang on other lots; a seller's is negative",
    )
    payment = models.BigIntegerField(
        null=True, help_text="what is paid for these units, negative: received; empty where it cannot be told by lot"
    )


class PaymentRow(Row):
    """What one participant pays in all."""

    class Role(models.TextChoices):
        BIDDER = "bidder"
        OWNER = "owner"
        MARKET = "market"

    party = models.CharField(max_length=200, help_text=PARTY)
    role = models.CharField(
        max_length=6, choices=Role.choices, help_text="bidder, owner of a lot, or the market itself"
    )
    won = models.BooleanField(help_text="whether anything was awarded to it")
    reported_value = models.BigIntegerField(
        null=True, help_text="reported value of all that it got; empty where it got nothing"
    )
    payment = models.BigIntegerField(help_text="what it pays, negative: receives; over a round these sum to 0")
    payment_minor = models.BigIntegerField(
        null=True, help_text="the same in minor units, as it is charged; empty for outcomes taken from elsewhere"
    )


class MoveRow(Row):
    """One act in a rule of turns."""

    n = models.IntegerField(help_text="1, 2, ... within the market")
    party = models.CharField(max_length=200, help_text=PARTY)
    type = models.CharField(
        max_length=20, help_text="offer, accept, reject, walk_away, exit, bid, order, cancel, timeout"
    )
    data = models.TextField(null=True, help_text="what the move says, JSON")
    at = models.CharField(max_length=40, null=True, help_text="when, as recorded")


class MeasureRow(Row):
    """One number about one outcome."""

    class Per(models.TextChoices):
        MARKET = "market"
        SIDE = "side"
        PARTICIPANT = "participant"
        LOT = "lot"

    measure = models.CharField(max_length=40, help_text="its name; the codebook defines each")
    per = models.CharField(max_length=12, choices=Per.choices, help_text="what it is a number of")
    subject = models.CharField(max_length=200, help_text="the side or the lot; empty for market and participant")
    party = models.CharField(max_length=200, help_text=PARTY)
    value = models.FloatField(null=True, help_text="the number; empty where it does not exist for this outcome")


class Imported(models.Model):
    """That a market's outcome was taken from elsewhere."""

    market = models.OneToOneField(Market, on_delete=models.CASCADE, related_name="imported")
    source = models.CharField(max_length=NAME_CHARS, help_text="where it comes from")
    recorded = models.BooleanField(help_text="published by others, so that no rule here makes it again")

    def __str__(self) -> str:
        return self.source


class Export(models.Model):
    """An export that is made in the background."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        GONE = "gone"  # its file was deleted

    ref = models.CharField(max_length=32, unique=True, help_text="public name, exp_...")
    asked_by = models.CharField(max_length=64, help_text="agt_..., or staff and a number")
    operator = models.ForeignKey(
        Agent,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="exports",
        help_text="whose markets, in full",
    )
    market = models.ForeignKey(
        Market,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="exports",
        help_text="this market alone",
    )
    format = models.CharField(max_length=10)
    since = models.DateTimeField(null=True, blank=True, help_text="markets that closed then or later")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    progress = models.PositiveSmallIntegerField(default=0, help_text="percent")
    claim = models.CharField(max_length=32, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="renewed while the worker lives")
    size = models.BigIntegerField(default=0, help_text="bytes")
    failure = models.CharField(max_length=200, blank=True)
    caused_by = CauseField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="its file and its links end then")

    def __str__(self) -> str:
        return f"{self.ref} ({self.state})"
