"""What a rule declares about itself: data only, beside its algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from mechanisms import admission
from mechanisms.bids import Bid, Lot
from mechanisms.claims import Claim

if TYPE_CHECKING:
    from mechanisms.params import Params


Visibility = Literal["sealed", "open"]
# Problems of one shape; mechanisms/kinds.py says where each is read.
KindName = Literal["auction", "bargaining", "scoring", "claims", "fisher", "matching", "haggling", "dynamic"]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The largest problem that a rule takes: lots, bids, and atoms over all bids."""

    lots: int = 1000
    bids: int = 1_000_000
    atoms: int = 1_000_000


ONE_LOT = Sizes(lots=1)
PROVABLE = Sizes(lots=1000, bids=2000, atoms=4000)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A rule's declaration, pure data: who made it, what it takes, what it promises and under which assumptions.

    `pricing` says in one sentence how the price comes about; explanations quote it. `unit_supply`: every lot has
    supply 1.
    `kind`: the shape of its problems; `sides`, `languages` and `sizes` speak of auctions only.
    `bundles`: atoms may be of any lots, all or nothing; `bundle_sizes` bounds such problems, `sizes` the others.
    `unit_bids`: one step of quantity 1 per agent. `numeric`: floats within 1e-6 instead of byte equality.
    """

    slug: str
    title: str
    summary: str
    paper: str
    pricing: str
    params: type[Params]
    claims: tuple[Claim, ...]
    kind: KindName = "auction"
    sides: Literal["one", "two"] = "one"
    visibility: Visibility = "sealed"
    languages: tuple[Literal["atoms", "steps", "program"], ...] = ("atoms", "steps")
    unit_supply: bool = False
    unit_bids: bool = False
    bundles: bool = False
    sizes: Sizes = Sizes()
    bundle_sizes: Sizes | None = None
    numeric: bool = False
    version: int = 1

    @property
    def by_turns(self) -> bool:
        """Whether it unfolds in moves: `mechanisms.start` and `advance` play it."""
        return self.kind in ("haggling", "dynamic")

    def read_params(self, data: Mapping[str, Any] | Params | None = None) -> Params:
        """The rule's parameters from JSON values, defaults filled in; raises ProblemError."""
        return data if isinstance(data, self.params) else self.params.read(data or {})  # type: ignore[arg-type]

    def check_bid(self, bid: Bid, lots: Mapping[str, Lot], params: Mapping[str, Any] | Params | None = None) -> None:
        """Refuse what this rule cannot take more than `read_bid` does: ProblemError, pointer relative to the bid."""
        admission.check_bid(self, bid, lots, self.read_params(params))

    def check_lot(self, lot: Lot, params: Mapping[str, Any] | Params | None = None) -> None:
        """Refuse a lot that this rule cannot sell (ProblemError, pointer relative to the lot)."""
        admission.check_lot(self, lot, self.read_params(params))

    def worst_case(self, bid: Bid, params: Mapping[str, Any] | Params | None = None) -> int:
        """The most, in units of money, that the bidder can be charged under this rule: slots charge for every click."""
        clicks = vars(self.read_params(params)).get("clicks")
        if clicks is None:
            return bid.worst_case()
        most = clicks[0] * max((step.price for step in bid.steps or ()), default=0)
        return most if bid.budget is None else min(most, bid.budget)

    def claim(self, name: str, params: Mapping[str, Any] | Params | None = None) -> Claim:
        """The claim of that name under these parameters; `not_applicable` where the rule says nothing."""
        settled = self.read_params(params)
        said = (claim for claim in self.claims if claim.name == name and claim.applies(settled))
        return next(said, Claim(name, "not_applicable"))

    def holds(self, name: str, params: Mapping[str, Any] | Params | None = None) -> bool:
        """Whether the rule claims this property under these parameters."""
        return self.claim(name, params).status == "holds"

    def to_dict(self) -> dict[str, Any]:
        """The declaration as JSON values, parameters as a JSON Schema."""
        return {
            "slug": self.slug,
            "title": self.title,
            "summary": self.summary,
            "paper": self.paper,
            "kind": self.kind,
            "sides": self.sides,
            "visibility": self.visibility,
            "languages": list(self.languages),
            "sizes": asdict(self.sizes),
            "bundle_sizes": asdict(self.bundle_sizes) if self.bundle_sizes else None,
            "numeric": self.numeric,
            "version": self.version,
            "claims": [
                {"name": c.name, "scope": c.scope, "status": c.status, "assumes": list(c.assumes), "when": dict(c.when)}
                for c in self.claims
            ],
            "params": self.params.model_json_schema(),
        }


@dataclass(frozen=True, kw_only=True)
class BundleSpec(Spec):
    """A rule for nothing but bundles, in the sizes in which a best allocation is usually proven."""

    languages: tuple[Literal["atoms", "steps", "program"], ...] = ("atoms", "program")
    bundles: bool = True
    sizes: Sizes = PROVABLE
