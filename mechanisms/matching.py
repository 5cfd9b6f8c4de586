"""Two sides to be matched without money, and who was matched with whom."""

from __future__ import annotations

from typing import Any, ClassVar

from mechanisms.cases import Case, Result
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_list, read_object
from mechanisms.ties import by_priority

MOST_AGENTS = 100_000


class Pairing(Case, frozen=True, kw_only=True):
    """Each proposer lists receivers, best first, and each receiver proposers; who is not listed is not acceptable.

    A receiver whose list is None takes anybody, in the order of the tie rule. `capacities` of receivers default to 1.
    """

    REQUIRED: ClassVar[tuple[str, ...]] = ("proposers", "receivers")
    OPTIONAL: ClassVar[tuple[str, ...]] = ("capacities",)

    proposers: dict[str, tuple[str, ...]]
    receivers: dict[str, tuple[str, ...] | None]
    capacities: dict[str, int] = {}

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Lists of known ids, each at most once."""
        sides = {side: _side(data[side], f"/{side}") for side in ("proposers", "receivers")}
        for name in sides["receivers"]:
            if name in sides["proposers"]:
                raise ProblemError("duplicate_id", f"{name!r} is on both sides", f"/receivers/{escape(name)}")
        proposers = {
            n: _listed(v, f"/proposers/{escape(n)}", sides["receivers"]) for n, v in sides["proposers"].items()
        }
        receivers = {
            name: None if value is None else _listed(value, f"/receivers/{escape(name)}", sides["proposers"])
            for name, value in sides["receivers"].items()
        }
        stated = read_object(data.get("capacities", {}), "/capacities", (), receivers)
        capacities = {n: read_int(stated[n], f"/capacities/{escape(n)}", 0, MOST_AGENTS) for n in sorted(stated)}
        return {"proposers": proposers, "receivers": receivers, "capacities": capacities}

    def body(self) -> dict[str, Any]:
        """Both sides sorted by id."""
        proposers = {name: list(self.proposers[name]) for name in sorted(self.proposers)}
        receivers = {name: _as_list(self.receivers[name]) for name in sorted(self.receivers)}
        return {"proposers": proposers, "receivers": receivers, "capacities": dict(sorted(self.capacities.items()))}

    def agents(self) -> list[str]:
        """Both sides, sorted."""
        return sorted([*self.proposers, *self.receivers])

    def told(self, outcome: Any, agent: str) -> list[str]:
        """Whom one is matched with."""
        if agent in self.proposers:
            partners = [outcome.matching[agent]] if outcome.matching[agent] is not None else []
        else:
            partners = [name for name, receiver in outcome.matching.items() if receiver == agent]
        if not partners:
            return ["You are not matched."]
        return [f"You are matched with {', '.join(partners)}."]

    def ranks(self) -> dict[str, dict[str, int]]:
        """For each receiver the place of each proposer that it takes, 0 for the best."""
        anybody = by_priority(self.seed, self.proposers) if None in self.receivers.values() else []
        lists = {name: anybody if own is None else own for name, own in self.receivers.items()}
        return {name: {other: place for place, other in enumerate(own)} for name, own in lists.items()}

    def capacity(self, receiver: str) -> int:
        """How many the receiver takes."""
        return self.capacities.get(receiver, 1)


class Matched(Result, frozen=True, kw_only=True):
    """The receiver of each proposer, None where it has none."""

    matching: dict[str, str | None]


def _as_list(own: tuple[str, ...] | None) -> list[str] | None:
    return None if own is None else list(own)


def _side(data: Any, pointer: str) -> dict[str, Any]:
    found = read_object(data, pointer, (), data if isinstance(data, dict) else ())
    if not 1 <= len(found) <= MOST_AGENTS:
        raise ProblemError("number_of_agents", f"each side has 1 to {MOST_AGENTS}", pointer)
    for name in found:
        read_id(name, f"{pointer}/{escape(name)}")
    return {name: found[name] for name in sorted(found)}


def _listed(data: Any, pointer: str, others: dict[str, Any]) -> tuple[str, ...]:
    names = read_list(data, pointer)
    seen = set()
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in others:
            raise ProblemError("unknown_agent", f"nobody on the other side is called {name!r}", f"{pointer}/{index}")
        if name in seen:
            raise ProblemError("duplicate_id", f"{name!r} is listed twice", f"{pointer}/{index}")
        seen.add(name)
    return tuple(names)


def matched(problem: Pairing, held: dict[str, str]) -> Matched:
    """The outcome in which these proposers have these receivers."""
    return Matched(
        mechanism=problem.mechanism,
        status="cleared" if held else "no_trade",
        matching={name: held.get(name) for name in sorted(problem.proposers)},
        certificate={"grade": "exact", "matched": len(held)},
    )
