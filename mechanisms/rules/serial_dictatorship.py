"""Serial dictatorship: in a drawn order, each takes the best of what is left."""

from __future__ import annotations

from pydantic import Field, field_validator

from mechanisms.claims import fails, holds
from mechanisms.errors import ProblemError
from mechanisms.matching import Matched, Pairing, matched
from mechanisms.params import Params
from mechanisms.spec import Spec
from mechanisms.ties import by_priority


class DictatorshipParams(Params):
    """Who chooses first, if it is not to be drawn."""

    order: tuple[str, ...] = Field(
        (),
        title="Order",
        description="Proposers who choose first, in this order; the others follow as the seed draws them.",
    )

    @field_validator("order", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


SPEC = Spec(
    slug="serial_dictatorship",
    title="Serial dictatorship",
    summary="In an order that the seed draws, each proposer takes the best that is left.",
    paper="Abdulkadiroglu and Sonmez (1998), Random Serial Dictatorship and the Core, Econometrica 66",
    pricing="One after the other, in an order that depends on no wish, took the best that was left.",
    kind="matching",
    params=DictatorshipParams,
    claims=(
        *holds("feasible", "individually_rational", "pareto", "truthful_for_proposers"),
        *fails("stable", "envy_free"),
    ),
)


def solve(problem: Pairing, params: DictatorshipParams) -> Matched:
    """Receivers only say whom they would take; the order is `order`, then the tie rule's."""
    for index, name in enumerate(params.order):
        if name not in problem.proposers or name in params.order[:index]:
            raise ProblemError("unknown_agent", f"{name!r} is no proposer, or named twice", f"/params/order/{index}")
    ranks = problem.ranks()
    seats = {name: problem.capacity(name) for name in problem.receivers}
    held: dict[str, str] = {}
    drawn = by_priority(problem.seed, [name for name in problem.proposers if name not in params.order])
    for proposer in [*params.order, *drawn]:
        for receiver in problem.proposers[proposer]:
            if seats[receiver] and proposer in ranks[receiver]:
                held[proposer] = receiver
                seats[receiver] -= 1
                break
    return matched(problem, held)
