"""Deferred acceptance: one side proposes, the other keeps the best so far, until nobody has anybody left to ask."""

from __future__ import annotations

from heapq import heappop, heappush

from mechanisms.claims import fails, holds
from mechanisms.matching import Matched, Pairing, matched
from mechanisms.params import Params
from mechanisms.spec import Spec

SPEC = Spec(
    slug="deferred_acceptance",
    title="Deferred acceptance",
    summary="A stable matching, of all stable ones the best for every proposer.",
    paper="Gale and Shapley (1962), College Admissions and the Stability of Marriage; Roth (1982)",
    pricing="Proposers asked down their lists; everybody who was asked kept the best so far.",
    kind="matching",
    params=Params,
    claims=(
        *holds("feasible", "individually_rational", "stable", "truthful_for_proposers"),
        *fails("truthful", "pareto"),
    ),
)


def solve(problem: Pairing, params: Params) -> Matched:
    """Each proposer without a seat asks the next on its list; a full receiver lets its least liked go."""
    ranks = problem.ranks()
    asked = dict.fromkeys(problem.proposers, 0)
    kept: dict[str, list[tuple[int, str]]] = {name: [] for name in problem.receivers}
    free = sorted(problem.proposers, reverse=True)
    while free:
        proposer = free.pop()
        if asked[proposer] == len(problem.proposers[proposer]):
            continue
        receiver = problem.proposers[proposer][asked[proposer]]
        asked[proposer] += 1
        if proposer not in ranks[receiver]:
            free.append(proposer)
            continue
        heappush(kept[receiver], (-ranks[receiver][proposer], proposer))
        if len(kept[receiver]) > problem.capacity(receiver):
            free.append(heappop(kept[receiver])[1])
    return matched(problem, {proposer: name for name, own in kept.items() for _, proposer in own})
