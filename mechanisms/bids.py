"""What is sold and what is offered for it: Lot, Atom, Step and Bid, frozen."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mechanisms.programs import Program


class Lot(Struct, frozen=True, forbid_unknown_fields=True):
    """A thing for sale: `supply` units (None: 1 in one-sided rules, 0 in two-sided ones), each at `reserve` or more."""

    id: str
    supply: int | None = None
    reserve: int = 0
    seller: str | None = None
    buyer: str | None = None
    category: str | None = None
    attributes: dict[str, Any] = {}


class Atom(Struct, frozen=True, forbid_unknown_fields=True):
    """All or nothing: the bundle {lot: quantity} at a total value; negative quantities and value for a seller."""

    bundle: dict[str, int]
    value: int


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to `quantity` units of `lot` at `price` each; a negative quantity offers them."""

    lot: str
    quantity: int
    price: int


class Bid(Struct, frozen=True, forbid_unknown_fields=True):
    """One agent's offer: exactly one of XOR `atoms`, additive `steps` and a `program`; `budget` caps its charge."""

    agent: str
    atoms: tuple[Atom, ...] | None = None
    steps: tuple[Step, ...] | None = None
    budget: int | None = None
    program: Program | None = None

    def worst_case(self) -> int:
        """The most, in units of money, that this bidder can be charged; 0 for a pure seller."""
        if self.atoms is not None:
            most = max((atom.value for atom in self.atoms), default=0)
        elif self.program is not None:
            most = self.program.most
        else:
            most = sum(step.quantity * step.price for step in self.steps or () if step.quantity > 0)
        return max(0, most if self.budget is None else min(most, self.budget))

    def is_empty(self) -> bool:
        """Whether nothing at all is offered."""
        return not self.atoms and not self.steps and self.program is None

    def to_dict(self) -> dict[str, Any]:
        """The bid as JSON values, without the fields that stand at their defaults."""
        data: dict[str, Any] = {"agent": self.agent}
        if self.atoms is not None:
            data["atoms"] = [{"bundle": dict(atom.bundle), "value": atom.value} for atom in self.atoms]
        if self.steps is not None:
            data["steps"] = [{"lot": s.lot, "quantity": s.quantity, "price": s.price} for s in self.steps]
        if self.program is not None:
            data["program"] = self.program.to_dict()
        if self.budget is not None:
            data["budget"] = self.budget
        return data
