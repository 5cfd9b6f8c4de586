"""A sale that unfolds in moves: its lots, who may take part, from when to when, and what was done."""

from __future__ import annotations

from typing import Any, ClassVar

from mechanisms.bids import Lot
from mechanisms.cases import Case
from mechanisms.errors import ProblemError
from mechanisms.fields import read_id, read_list
from mechanisms.money import in_words
from mechanisms.moves import Move, read_instant, read_moves, written
from mechanisms.reading import read_lots
from mechanisms.types import Outcome, lot_dict


class Session(Case, frozen=True, kw_only=True):
    """Lots and bidders between `opened_at` and `closes_at` (None: it ends by its own rule); `moves` are those made."""

    REQUIRED: ClassVar[tuple[str, ...]] = ("lots", "bidders", "opened_at")
    OPTIONAL: ClassVar[tuple[str, ...]] = ("closes_at", "moves")

    lots: tuple[Lot, ...]
    bidders: tuple[str, ...]
    opened_at: str
    closes_at: str | None = None
    moves: tuple[Move, ...] = ()

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Lots as auctions have them; raises ProblemError, also where the currency is not said."""
        for name in ("currency", "exponent"):
            if data.get(name) is None:
                raise ProblemError("missing_field", f"the field {name!r} is required", f"/{name}")
        opened = read_instant(data["opened_at"], "/opened_at")
        closes = data.get("closes_at")
        closed = None if closes is None else read_instant(closes, "/closes_at")
        if closed is not None and closed <= opened:
            raise ProblemError("out_of_order", "it closes after it opens", "/closes_at")
        return {
            "lots": read_lots(data["lots"]),
            "bidders": _read_bidders(data["bidders"]),
            "opened_at": written(opened),
            "closes_at": None if closed is None else written(closed),
            "moves": read_moves(data.get("moves", []), "/moves"),
        }

    def body(self) -> dict[str, Any]:
        """Lots and bidders sorted; moves in their order."""
        body: dict[str, Any] = {
            "lots": [lot_dict(lot) for lot in sorted(self.lots, key=lambda lot: lot.id)],
            "bidders": sorted(self.bidders),
            "opened_at": self.opened_at,
        }
        body |= {"closes_at": self.closes_at} if self.closes_at else {}
        return body | {"moves": [move.to_dict() for move in self.moves]}

    def agents(self) -> list[str]:
        """The bidders, sorted."""
        return sorted(self.bidders)

    def lot(self, name: str, pointer: str) -> Lot:
        """The lot of that id; raises ProblemError."""
        found = next((lot for lot in self.lots if lot.id == name), None)
        if found is None:
            raise ProblemError("unknown_lot", f"there is no lot {name!r}", pointer)
        return found

    def words(self, amount: int) -> str:
        """Money spelled out."""
        return in_words(amount, str(self.currency), self.exponent or 0)

    def told(self, outcome: Outcome, agent: str) -> list[str]:
        """What this bidder got and pays or receives."""
        award, paid = outcome.award_of(agent), outcome.payments.get(agent, 0)
        if award is None:
            return ["You got nothing and pay nothing."]
        parts = [f"You {'bought' if n > 0 else 'sold'} {abs(n):,} of {lot}." for lot, n in sorted(award.bundle.items())]
        return [*parts, f"You {'pay' if paid >= 0 else 'receive'} {self.words(abs(paid))} in total."]


def _read_bidders(data: Any) -> tuple[str, ...]:
    names = tuple(read_id(name, f"/bidders/{index}") for index, name in enumerate(read_list(data, "/bidders")))
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            raise ProblemError("duplicate_agent", f"{name!r} appears twice", f"/bidders/{index}")
    return names


def only_lot(problem: Session, units: int | None = None) -> Lot:
    """The one lot of a rule that sells one, of supply `units` where that is given; raises ProblemError."""
    if len(problem.lots) != 1:
        raise ProblemError("one_lot_only", f"{problem.mechanism} sells one lot", "/lots/1")
    lot = problem.lots[0]
    if units is not None and lot.supply not in (None, units):
        raise ProblemError("supply_not_one", f"{problem.mechanism} takes a supply of {units}", "/lots/0/supply")
    return lot


def stated_trader(problem: Session, move: Move) -> None:
    """Refuse a move of who does not take part; raises ProblemError."""
    if move.agent not in problem.bidders:
        raise ProblemError("unknown_agent", f"{move.agent!r} does not take part", "/agent")


def stated_bidder(problem: Session, move: Move) -> None:
    """Refuse a move of who does not take part, or whose own lot it is; raises ProblemError."""
    stated_trader(problem, move)
    if any(lot.seller == move.agent for lot in problem.lots):
        raise ProblemError("own_lot", "nobody bids on a lot of its own", "/agent")
