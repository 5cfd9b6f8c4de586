"""Top trading cycles: everybody points at the best that is left, and those who point in a ring take what they want."""

from __future__ import annotations

from mechanisms.claims import fails, holds
from mechanisms.matching import Matched, Pairing, matched
from mechanisms.params import Params
from mechanisms.spec import Spec

SPEC = Spec(
    slug="top_trading_cycles",
    title="Top trading cycles",
    summary="Priorities can be traded: no matching is better for one proposer and worse for none.",
    paper="Shapley and Scarf (1974), On Cores and Indivisibility; Abdulkadiroglu and Sonmez (2003) with capacities",
    pricing="Proposers pointed at what they wanted most, receivers at whom they rank first; rings were served.",
    kind="matching",
    params=Params,
    claims=(
        *holds("feasible", "individually_rational", "pareto", "truthful_for_proposers"),
        *fails("truthful", "stable"),
    ),
)


def solve(problem: Pairing, params: Params) -> Matched:
    """Follow the pointers from anybody left until they close a ring, serve it, and go on."""
    market = _Market(problem)
    for start in sorted(problem.proposers):
        path = [start]
        while start not in market.gone:
            wanted = market.wanted(path[-1])
            if wanted is None:
                market.gone.add(path.pop())
                continue
            favoured = market.favoured(wanted)
            if favoured in path:
                market.serve(path[path.index(favoured) :])
                path = [start]  # a seat that is gone may have been pointed at from further up
            else:
                path.append(favoured)
    return matched(problem, market.held)


class _Market:
    """Who and what is left, with the next candidate of each list."""

    def __init__(self, problem: Pairing) -> None:
        self.problem = problem
        self.ranks = problem.ranks()
        self.order = {name: list(own) for name, own in self.ranks.items()}
        self.seats = {name: problem.capacity(name) for name in problem.receivers}
        self.gone: set[str] = set()
        self.held: dict[str, str] = {}
        self.next = dict.fromkeys([*problem.proposers, *problem.receivers], 0)

    def wanted(self, proposer: str) -> str | None:
        """The best receiver with a seat that takes the proposer."""
        wishes = self.problem.proposers[proposer]
        while self.next[proposer] < len(wishes):
            receiver = wishes[self.next[proposer]]
            if self.seats[receiver] > 0 and proposer in self.ranks[receiver]:
                return receiver
            self.next[proposer] += 1
        return None

    def favoured(self, receiver: str) -> str:
        """The proposer that the receiver ranks first of those left; one that wants it is left."""
        while self.order[receiver][self.next[receiver]] in self.gone:
            self.next[receiver] += 1
        return self.order[receiver][self.next[receiver]]

    def serve(self, ring: list[str]) -> None:
        """Everybody in the ring gets what it points at, and leaves."""
        for name, receiver in [(name, self.wanted(name)) for name in ring]:
            if receiver is not None:
                self.held[name] = receiver
                self.seats[receiver] -= 1
        self.gone.update(ring)
