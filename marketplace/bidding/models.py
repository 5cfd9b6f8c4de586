"""Participations and the bids made under them."""

from django.db import models

from marketplace.agents.models import Agent
from marketplace.core.causes import CauseField
from marketplace.core.secrets import SecretField
from marketplace.markets.models import Market
from marketplace.settlement.models import Authorisation


class Participation(models.Model):
    """An agent's joining of a market, with the most that it can be charged there."""

    class State(models.TextChoices):
        ASKING = "asking"  # its person is asked first; nothing is held yet
        PENDING = "pending"
        ACTIVE = "active"
        REFUSED = "refused"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, prt_...; the agent's id in the problem")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="participations")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="participations")
    limit_minor = models.BigIntegerField(help_text="most that it can be charged, in minor units; 0 for a pure seller")
    authorisation = models.OneToOneField(
        Authorisation, null=True, blank=True, on_delete=models.PROTECT, related_name="participation"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING, db_index=True)
    key_hash = models.CharField(max_length=64, unique=True, help_text="HMAC of market, agent and Idempotency-Key")
    caused_by = CauseField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["market", "agent"], condition=~models.Q(state="refused"), name="participation_once"
            )
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def stream(self) -> str:
        """The name of its private stream."""
        return f"participation:{self.ref}"


class Raise(models.Model):
    """A higher limit for a participation: a second hold, which takes the place of the first once it stands."""

    class State(models.TextChoices):
        ASKING = "asking"
        PENDING = "pending"
        DONE = "done"
        REFUSED = "refused"

    ref = models.CharField(max_length=32, unique=True, help_text="public name, rai_...")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="raises")
    limit_minor = models.BigIntegerField(help_text="the limit from then on, in minor units")
    authorisation = models.OneToOneField(
        Authorisation, null=True, blank=True, on_delete=models.PROTECT, related_name="raise_of"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING, db_index=True)
    key_hash = models.CharField(max_length=64, unique=True, help_text="of market, agent and Idempotency-Key")
    caused_by = CauseField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participation"],
                condition=models.Q(state__in=("asking", "pending")),
                name="one_raise_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.ref


class Bid(models.Model):
    """One acknowledged bid; its content is read by the clearing and by nobody else."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted"
        REPLACED = "replaced"
        WITHDRAWN = "withdrawn"

    # No index stands twice: a unique CharField would get a second one for LIKE, the market's is bid_seq_once.
    ref = models.CharField(max_length=32, help_text="public name, bid_...")
    # The transaction that writes a bid has locked the market's row: the database need not look for it again each time.
    market = models.ForeignKey(
        Market, on_delete=models.PROTECT, related_name="bids", db_index=False, db_constraint=False
    )
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="bids")
    seq = models.BigIntegerField(help_text="1, 2, 3 ... within the market, no gaps; not shown before the close")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACCEPTED)
    content = models.BinaryField(help_text="the epoch's public half, then nonce and bid in a padded box")
    receipt = models.CharField(max_length=64, help_text="hash of nonce, names and bid: what the bidder keeps")
    key_hash = models.CharField(max_length=64, help_text="HMAC of market, agent and Idempotency-Key")
    body_hash = models.CharField(max_length=64, help_text="HMAC of the body that came with the key")
    at = models.DateTimeField(help_text="the database's clock when its group was decided")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="bid_ref_once"),
            models.UniqueConstraint(fields=["key_hash"], name="bid_key_once"),
            models.UniqueConstraint(fields=["market", "seq"], name="bid_seq_once"),
            models.UniqueConstraint(
                fields=["participation"], condition=models.Q(status="accepted"), name="one_standing_bid"
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class Move(models.Model):
    """One act in a market of turns, of a participation or of the clock; never changed, and part of the problem."""

    ref = models.CharField(max_length=32, help_text="public name, mov_...")
    market = models.ForeignKey(
        Market, on_delete=models.PROTECT, related_name="moves", db_index=False, db_constraint=False
    )
    participation = models.ForeignKey(
        Participation, null=True, on_delete=models.PROTECT, related_name="moves", help_text="empty: the clock"
    )
    n = models.BigIntegerField(help_text="1, 2, 3 ... within the market, no gaps")
    type = models.CharField(max_length=16)
    data = SecretField(help_text="what it says: for all to see at the end, until then as the rule shows it")
    receipt = models.CharField(max_length=64, blank=True, help_text="hash of nonce, names and move")
    key_hash = models.CharField(max_length=64, null=True, help_text="HMAC of market, agent and Idempotency-Key")
    body_hash = models.CharField(max_length=64, blank=True, help_text="HMAC of the body that came with the key")
    at = models.DateTimeField(help_text="the database's clock under the market's lock")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="move_ref_once"),
            models.UniqueConstraint(fields=["key_hash"], name="move_key_once"),
            models.UniqueConstraint(fields=["market", "n"], name="move_n_once"),
        ]

    def __str__(self) -> str:
        return self.ref
