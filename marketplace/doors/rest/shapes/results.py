"""What a market came to, and what becomes of the money."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from marketplace.bidding.models import Bid as BidRow
from marketplace.doors.rest.shapes.common import Hash, Instant, Minor, Shape, Units, one_of
from marketplace.markets.models import Market
from marketplace.settlement.models import Obligation

Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
File = Annotated[dict[str, Any], Meta(description="a file of `python -m mechanisms`; docs/mechanisms.md")]
Point = Annotated[list[int], Meta(min_length=2, max_length=2, description="cumulated quantity, unit price")]


class Curves(Shape, frozen=True, kw_only=True):
    """Demand and supply, best orders first."""

    demand: list[Point]
    supply: list[Point]


class OwnResult(Shape, frozen=True, kw_only=True):
    """What the caller got and pays (negative: gets)."""

    round: str
    status: str
    won: bool
    bundle: dict[str, int]
    payment: Units
    means: str
    agreement: Annotated[dict[str, Any] | None, Meta(description="of a haggle: a value for each issue")] | UnsetType = (
        UNSET
    )


class Outcome(Shape, frozen=True, kw_only=True):
    """The standing round's outcome, as far as the market's `disclosure` allows the caller to see it."""

    market: str
    round: str
    n: int
    status: Annotated[str, Meta(description="cleared, no_trade, no_equilibrium, disagreement or void")]
    prices: dict[str, Units]
    prices_text: dict[str, str]
    traded: Annotated[dict[str, int], Meta(description="units that changed hands, by lot")]
    digest: Digest
    disclosure: Annotated[str, one_of(Market.Disclosure.values)]
    seed: str
    welfare: Units | UnsetType | None = UNSET
    revenue: Units | UnsetType | None = UNSET
    agreement: dict[str, Any] | UnsetType | None = UNSET
    certificate: File | UnsetType = UNSET
    curves: dict[str, Curves] | UnsetType = UNSET
    problem: File | UnsetType = UNSET
    outcome: File | UnsetType = UNSET
    mine: OwnResult | UnsetType = UNSET
    why: str | UnsetType = UNSET


class RuleVersion(Shape, frozen=True, kw_only=True):
    """The rule, and its version."""

    mechanism: str
    version: int


class Opening(Shape, frozen=True, kw_only=True):
    """What was published when the market opened."""

    seed_commitment: Hash
    terms: dict[str, str]


class Closing(Shape, frozen=True, kw_only=True):
    """What was published when it closed."""

    root: Hash
    bids: int
    seed: str
    tie_seed: Hash


class Receipt(Shape, frozen=True, kw_only=True):
    """A leaf under the root; a standing bid's with what opens it."""

    receipt: Hash
    status: Annotated[str, one_of(BidRow.Status.values)]
    bid: str | UnsetType = UNSET
    agent: Annotated[str, Meta(description="the participation")] | UnsetType = UNSET
    nonce: Hash | UnsetType = UNSET


class Package(Shape, frozen=True, kw_only=True):
    """Everything to check a cleared round by."""

    format: str
    market: str
    rule: RuleVersion
    problem: File
    outcome: File
    opening: Opening
    closing: Closing
    receipts: list[Receipt]


class Settlement(Shape, frozen=True, kw_only=True):
    """Money that the caller's principal owes or is owed."""

    id: str
    round: str
    kind: Annotated[str, one_of(Obligation.Kind.values)]
    amount_minor: Minor
    currency: str
    means: str
    state: Annotated[str, one_of(Obligation.State.values)]
    settled_at: Instant | None


class SettlementPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    settlements: list[Settlement]
    next_cursor: str | None
