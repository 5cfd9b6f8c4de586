"""What a bid would do, and the pieces of bids."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from marketplace.core import limits
from marketplace.doors.rest.shapes.common import Instant, Minor, Shape, Units, one_of


class Atom(Shape, frozen=True, kw_only=True):
    """All or nothing: the bundle {lot: quantity} at a total value; negative quantities and value for a seller."""

    bundle: dict[str, int]
    value: Units


class Step(Shape, frozen=True, kw_only=True):
    """Up to `quantity` units of `lot` at `price` each; a negative quantity offers them."""

    lot: str
    quantity: int
    price: Units


class BidPieces(Shape, frozen=True, kw_only=True):
    """Exactly one of atoms, which exclude each other, steps, which add up, and a program; `budget` caps the whole."""

    atoms: Annotated[list[Atom], Meta(max_length=limits.ATOMS_PER_BID)] | UnsetType = UNSET
    steps: Annotated[list[Step], Meta(max_length=limits.STEPS_PER_BID)] | UnsetType = UNSET
    program: (
        Annotated[dict[str, Any], Meta(description="a preference of more bundles than can be listed")] | UnsetType
    ) = UNSET
    budget: Units | UnsetType = UNSET


class Unmet(Shape, frozen=True, kw_only=True):
    """A condition of the preference; `has` is what the lot has instead, where that can be said."""

    pointer: str
    words: str
    has: str | UnsetType | None = UNSET


class Qualified(Shape, frozen=True, kw_only=True):
    """A lot that qualifies."""

    lot: str
    worth: Units
    means: str


class Failed(Shape, frozen=True, kw_only=True):
    """A lot that does not, with every condition that it fails."""

    lot: str
    failed: list[Unmet]


class Relaxation(Shape, frozen=True, kw_only=True):
    """Conditions whose giving up admits lots."""

    give_up: list[Unmet]
    admits: list[str]


class ItemTold(Shape, frozen=True, kw_only=True):
    """An item of the preference in this market."""

    qualify: list[Qualified]
    out: list[Failed]
    emptied_by: Unmet | UnsetType = UNSET
    relaxations: list[Relaxation] | UnsetType = UNSET


class AtomTold(Atom, frozen=True, kw_only=True):
    """An atom with its value in words."""

    means: str


class ProgramTold(Shape, frozen=True, kw_only=True):
    """A preference of too many bundles, as the program that the clearing solves."""

    columns: int
    rows: int
    most: Units
    means: str


class PreferenceTold(Shape, frozen=True, kw_only=True):
    """What a preference comes to in this market."""

    items: dict[str, ItemTold]
    atoms: list[AtomTold]
    budget: Units | None
    program: ProgramTold | UnsetType = UNSET
    nothing_because: Unmet | UnsetType = UNSET


class Warned(Shape, frozen=True, kw_only=True):
    """A value that is allowed and looks like a slip."""

    code: Annotated[str, one_of(["unusual_value"])]
    pointer: str
    detail: str


class Preview(Shape, frozen=True, kw_only=True):
    """What would become of the bid now; nothing is stored."""

    market: str
    means: Annotated[str, Meta(description="the bid in words")]
    worst_case_minor: Minor
    worst_case: str
    fee: Annotated[str | None, Meta(description="what the platform keeps of what a seller receives, in words")]
    limit_minor: Minor | None
    within_limit: bool | None
    limit_needed_minor: Minor
    standing: Annotated[str | None, Meta(description="the bid that the next one must name in replaces")]
    would: Annotated[str, Meta(description="accepted, or the code that the bid would be refused with")]
    warnings: list[Warned]
    closes_at: Instant
    server_time: Instant
    next: str
    preference: PreferenceTold | UnsetType = UNSET
