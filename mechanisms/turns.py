"""Rules that unfold in moves, as a pure fold: `start` a state, `advance` it by one move after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from mechanisms.cases import Case
from mechanisms.digest import digest_of
from mechanisms.engine import prepare_any
from mechanisms.errors import ProblemError
from mechanisms.moves import Chain, Move, View, read_move
from mechanisms.registry import Rule, rule


@dataclass(frozen=True, eq=False)
class State:
    """Where a turn-based problem stands after some moves. Making the next one costs the same after ten or ten thousand.

    `turn`: who may move. `legal`: by agent, what it may do: a type and the JSON Schema of its data. `deadline`: when
    time ends the turn, as a UTC instant, or None. `public` and, by agent, `private`: what may be shown. `outcome` when
    it is over, the same bytes that `run` gives for the problem with all moves.
    """

    rule: Rule
    problem: Any
    params: Any
    position: Any
    moves: Chain[Move] | None = None

    @cached_property
    def _view(self) -> View:
        found: View = self.rule.module.view(self.problem, self.params, self.position)
        return found

    @property
    def next_number(self) -> int:
        """The `n` of the next move."""
        return 1 if self.moves is None else self.moves.count + 1

    @property
    def turn(self) -> tuple[str, ...]:
        """Who may move now; nobody when it is over."""
        return self._view.turn

    @property
    def legal(self) -> dict[str, list[dict[str, Any]]]:
        """By agent: each type of move that it may make, with the JSON Schema of its data."""
        return self._view.legal

    @property
    def deadline(self) -> str | None:
        """Until when a move counts."""
        return self._view.deadline

    @property
    def public(self) -> dict[str, Any]:
        """What everybody may see."""
        return self._view.public

    @property
    def private(self) -> dict[str, dict[str, Any]]:
        """What only that agent may see beside it."""
        return self._view.private

    def exposure(self, agent: str) -> int:
        """The most, in units, that this agent can owe in the end if it makes no move any more; 0 for who sells."""
        most: int = self.rule.module.exposure(self.problem, self.params, self.position, agent)
        return max(0, most)

    @cached_property
    def outcome(self) -> Any:
        """The result with its digest, None while somebody can still move."""
        result = self.rule.module.settle(self.problem, self.params, self.position)
        if result is None:
            return None
        moves = () if self.moves is None else self.moves.all()
        whole = replace(self.problem, moves=moves)
        return replace(result, digest=digest_of(whole.to_dict(), self.rule.spec.version, result.to_dict()))


def start(
    slug: str,
    problem: Case | Mapping[str, Any] | bytes | str,
    params: Mapping[str, Any] | None = None,
    seed: str | None = None,
) -> State:
    """The state of a turn-based problem after the moves that it has; raises ProblemError."""
    found = rule(slug)
    if not hasattr(found.module, "step"):
        raise ProblemError("not_turn_based", f"{slug} clears all at once: use run", "/mechanism")
    whole = prepare_any(found.spec, problem, params, seed)
    bare = replace(whole, moves=())
    settled = found.spec.read_params(whole.params)
    state = State(found, bare, settled, found.module.begin(bare, settled))
    for index, move in enumerate(whole.moves):
        state = _moved(state, move, f"/moves/{index}")
    return state


def advance(state: State, move: Move | Mapping[str, Any]) -> State:
    """The state after one more move, of an agent or of the clock; ProblemError names what makes it illegal."""
    return _moved(state, move if isinstance(move, Move) else read_move(move, ""), "")


def _moved(state: State, move: Move, pointer: str) -> State:
    if move.n != state.next_number:
        raise ProblemError("wrong_number", f"the next move is number {state.next_number}", f"{pointer}/n")
    position = stepped(state.rule, state.problem, state.params, state.position, move, pointer)
    return State(state.rule, state.problem, state.params, position, Chain(move, state.moves, move.n))


def stepped(found: Rule, problem: Any, params: Any, position: Any, move: Move, pointer: str) -> Any:
    """The rule's position after a move; a refusal points at the move."""
    try:
        return found.module.step(problem, params, position, move)
    except ProblemError as error:
        raise ProblemError(error.code, error.detail, pointer + error.pointer) from error


def finished(problem: Case) -> Any:
    """The outcome, without digest, of a prepared problem whose moves end it; ProblemError where they do not."""
    found = rule(problem.mechanism)
    params = found.spec.read_params(problem.params)
    moves = problem.moves  # type: ignore[attr-defined]
    position = found.module.begin(problem, params)
    for index, move in enumerate(moves):
        if move.n != index + 1:
            raise ProblemError("wrong_number", f"the next move is number {index + 1}", f"/moves/{index}/n")
        position = stepped(found, problem, params, position, move, f"/moves/{index}")
    outcome = found.module.settle(problem, params, position)
    if outcome is None:
        raise ProblemError("not_over", "somebody can still move: start and advance it instead", "/moves")
    return outcome
