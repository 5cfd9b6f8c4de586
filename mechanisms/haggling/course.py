"""What a haggling rule is made of: its parameters set the terms, everything else is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mechanisms.haggling import play, settling
from mechanisms.haggling.play import Position, Terms
from mechanisms.haggling.types import Haggle, Struck
from mechanisms.moves import Move, View
from mechanisms.turns import finished


class Course:
    """The functions that `mechanisms.turns` calls, for terms that are read from parameters."""

    def __init__(self, terms: Callable[[Any], Terms]) -> None:
        self.terms = terms

    def begin(self, problem: Haggle, params: Any) -> Position:
        """Nothing was offered yet."""
        return play.begin(problem, self.terms(params))

    def step(self, problem: Haggle, params: Any, here: Position, move: Move) -> Position:
        """One more move."""
        return play.step(problem, self.terms(params), here, move)

    def view(self, problem: Haggle, params: Any, here: Position) -> View:
        """What may be seen and done."""
        return play.view(problem, self.terms(params), here)

    def exposure(self, problem: Haggle, params: Any, here: Position, agent: str) -> int:
        """What it owes by the agreement, or by its own offer, which the other may accept."""
        return settling.owed(problem, here, agent)

    def settle(self, problem: Haggle, params: Any, here: Position) -> Struck | None:
        """The outcome, once it is over."""
        return settling.settle(problem, self.terms(params), here)

    def solve(self, problem: Haggle, params: Any) -> Struck:
        """The outcome of the moves in the problem, which must end it."""
        outcome: Struck = finished(problem)
        return outcome
