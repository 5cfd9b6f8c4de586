"""A haggle and what came of it: issues with values, two parties, the moves that were made."""

from __future__ import annotations

from typing import Any, ClassVar

from mechanisms.bargaining.reading import read_issues, read_parties, read_party, read_transfers
from mechanisms.cases import Case, Result
from mechanisms.decimals import Number
from mechanisms.errors import ProblemError, escape
from mechanisms.money import in_words
from mechanisms.moves import Move, read_instant, read_moves, written


class Haggle(Case, frozen=True, kw_only=True):
    """Two parties over issues. What values are worth to a party may be stated, by both or by neither.

    `opened_at` is from when time counts, `closes_at` when it ends without agreement; `moves` are those that were made.
    """

    REQUIRED: ClassVar[tuple[str, ...]] = ("issues", "parties")
    OPTIONAL: ClassVar[tuple[str, ...]] = ("transfers", "moves", "opened_at", "closes_at")

    issues: dict[str, tuple[str | int, ...]]
    parties: dict[str, dict[str, Any]]
    transfers: tuple[dict[str, str], ...] = ()
    opened_at: str | None = None
    closes_at: str | None = None
    moves: tuple[Move, ...] = ()

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Issues as a bargain has them; each party with weights and values, or all parties with nothing."""
        issues = read_issues(data["issues"])
        named = read_parties(data["parties"], "/parties")
        if len(named) != 2:
            raise ProblemError("two_parties_only", "two haggle", "/parties")
        silent = all(item == {} for item in named.values())
        parties = named if silent else {n: read_party(p, f"/parties/{escape(n)}", issues) for n, p in named.items()}
        opened, closes = data.get("opened_at"), data.get("closes_at")
        if closes is not None and opened is None:
            raise ProblemError("missing_field", "what closes says when it opened", "/opened_at")
        return {
            "issues": issues,
            "parties": parties,
            "transfers": read_transfers(data.get("transfers", []), issues, parties),
            "opened_at": None if opened is None else written(read_instant(opened, "/opened_at")),
            "closes_at": None if closes is None else written(read_instant(closes, "/closes_at")),
            "moves": read_moves(data.get("moves", []), "/moves"),
        }

    def body(self) -> dict[str, Any]:
        """Parties sorted; moves in their order."""
        body: dict[str, Any] = {
            "issues": {name: list(values) for name, values in self.issues.items()},
            "parties": {name: self.parties[name] for name in sorted(self.parties)},
        }
        body |= {"transfers": list(self.transfers)} if self.transfers else {}
        body |= {"opened_at": self.opened_at} if self.opened_at else {}
        body |= {"closes_at": self.closes_at} if self.closes_at else {}
        return body | {"moves": [move.to_dict() for move in self.moves]}

    def agents(self) -> list[str]:
        """The parties, sorted."""
        return sorted(self.parties)

    def told(self, outcome: Any, agent: str) -> list[str]:
        """How it ended, what it is worth to this party where that was stated, and what it pays."""
        ended = outcome.certificate["ended"]
        if outcome.status == "disagreement":
            return [f"No agreement was reached: it ended with a {ended} in round {outcome.certificate['round']}."]
        agreed = ", ".join(f"{issue} = {value}" for issue, value in outcome.agreement.items())
        parts = [f"Agreed in round {outcome.certificate['round']}: {agreed}."]
        if outcome.utilities:
            parts.append(f"It is worth {outcome.utilities[agent]} to you.")
        owed = outcome.payments.get(agent, 0)
        if owed:
            plain = self.currency is None
            amount = str(abs(owed)) if plain else in_words(abs(owed), str(self.currency), self.exponent or 0)
            parts.append(f"You {'pay' if owed > 0 else 'receive'} {amount}.")
        return parts


class Struck(Result, frozen=True, kw_only=True):
    """The agreement, a value for each issue, or none; utilities where they were stated, discounted."""

    SILENT: ClassVar[tuple[str, ...]] = (*Result.SILENT, "agreement", "utilities")

    utilities: dict[str, Number] = {}
    agreement: dict[str, str | int] | None = None
