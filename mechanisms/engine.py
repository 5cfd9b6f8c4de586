"""Running a rule: check the problem, clear each lot, put the outcome together, sign it with its digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from msgspec.structs import replace

from mechanisms import admission
from mechanisms.bids import Lot
from mechanisms.book import Book, Fill
from mechanisms.cases import Case, Result
from mechanisms.digest import digest_of
from mechanisms.errors import ProblemError
from mechanisms.fields import read_free, read_seed
from mechanisms.kinds import problem_type
from mechanisms.orders import books
from mechanisms.registry import rule
from mechanisms.spec import Spec
from mechanisms.types import Award, Charge, Outcome, Problem

MARKET = "@market"


Raw = Mapping[str, Any] | bytes | str
_Params = Mapping[str, Any] | None


@overload
def run(slug: str, problem: Problem, params: _Params = None, seed: str | None = None) -> Outcome: ...
@overload
def run(slug: str, problem: Case, params: _Params = None, seed: str | None = None) -> Any: ...
@overload
def run(slug: str, problem: Raw, params: _Params = None, seed: str | None = None) -> Any: ...
def run(slug: str, problem: Problem | Case | Raw, params: _Params = None, seed: str | None = None) -> Any:
    """Clear a sealed problem under the rule `slug`; `params` and `seed` stand in for the problem's own where given.

    A pure function: the same arguments give the same bytes, whatever the order of bids. Raises ProblemError with a
    stable code and a pointer into the problem. The outcome is an Outcome, of bargains and other cases a Result.
    """
    spec = rule(slug).spec
    whole = prepare_any(spec, problem, params, seed)
    outcome = clear(whole)
    return replace(outcome, digest=digest_of(whole.to_dict(), spec.version, outcome.to_dict()))


@overload
def clear(problem: Problem) -> Outcome: ...
@overload
def clear(problem: Case) -> Any: ...
def clear(problem: Problem | Case) -> Outcome | Result:
    """The outcome of a prepared problem, without its digest."""
    found = rule(problem.mechanism)
    params = found.spec.read_params(problem.params)
    if isinstance(problem, Case):
        solved: Result = found.solve(problem, params)
        return solved
    if found.spec.bundles and not (found.lot_by_lot and admission.is_lot_by_lot(problem)):
        sold: Outcome = found.solve(problem, params)
        return sold
    made, bound = books(problem, params)
    fills = [found.clear_lot(book, params) for book in made]
    return assemble(found.spec, problem, made, fills, bound)


def prepare_any(spec: Spec, problem: Problem | Case | Raw, params: _Params = None, seed: str | None = None) -> Any:
    """The checked problem of any kind as it enters the digest: all defaults of the rule written out."""
    kind = problem_type(spec.kind)
    if isinstance(problem, Problem | Case) and not isinstance(problem, kind):
        raise ProblemError("other_kind", f"{spec.slug} takes problems of the kind {spec.kind}", "/mechanism")
    if spec.kind == "auction":
        return prepare(spec, problem, params, seed)  # type: ignore[arg-type]
    case: Any = problem if isinstance(problem, kind) else kind.from_json(problem)  # type: ignore[arg-type]
    settled = spec.read_params(read_free(case.params if params is None else params, "/params"))
    kept = settled.model_dump(mode="json", exclude_none=True)
    seed = read_seed(case.seed if seed is None else seed, "/seed")
    return replace(case, mechanism=spec.slug, params=kept, seed=seed)


def prepare(spec: Spec, problem: Problem | Raw, params: _Params = None, seed: str | None = None) -> Problem:
    """The checked problem of an auction as it enters the digest: all defaults of the rule written out."""
    if not isinstance(problem, Problem):
        problem = Problem.from_json(problem)
    settled = spec.read_params(read_free(problem.params if params is None else params, "/params"))
    problem = replace(
        problem,
        mechanism=spec.slug,
        params=settled.model_dump(mode="json"),
        seed=read_seed(problem.seed if seed is None else seed, "/seed"),
        lots=tuple(_with_supply(lot, spec) for lot in problem.lots),
    )
    admission.check_problem(spec, problem, settled)
    return problem


def _with_supply(lot: Lot, spec: Spec) -> Lot:
    return replace(lot, supply=0 if spec.sides == "two" else 1) if lot.supply is None else lot


def assemble(spec: Spec, problem: Problem, made: list[Book], fills: list[Fill], bound: bool) -> Outcome:
    """The outcome of lots cleared one by one: awards merged by agent, charges by pair, sums and certificate."""
    lots = {lot.id: lot for lot in problem.lots}
    awards = _awards(made, fills)
    dues = [due for book, fill in zip(made, fills, strict=True) for due in _dues(spec, lots[book.lot], book, fill)]
    payments = _payments(problem, made, fills)
    values = sum(award.value for award in awards)
    return Outcome(
        mechanism=spec.slug,
        status="cleared" if awards else "no_trade",
        awards=awards,
        payments=payments,
        charges=_charges(dues),
        prices={book.lot: fill.price for book, fill in zip(made, fills, strict=True) if fill.price is not None},
        welfare=values - (_kept(made, fills) if spec.sides == "one" else 0),
        revenue=sum(payments.values()),
        certificate=_certificate(made, fills, bound),
        digest="",
    )


def _kept(made: list[Book], fills: list[Fill]) -> int:
    """What the units sold were worth to their owners, by the reserves."""
    pairs = zip(made, fills, strict=True)
    return sum(book.floor * int(np.abs(fill.filled).sum()) if fill.kept is None else fill.kept for book, fill in pairs)


def _totals(book: Book, column: Any) -> dict[int, int]:
    """Sums by agent over the rows that are not zero."""
    totals: dict[int, int] = defaultdict(int)
    for row in np.flatnonzero(column):
        totals[int(book.agent[row])] += int(column[row])
    return totals


def _awards(made: list[Book], fills: list[Fill]) -> tuple[Award, ...]:
    bundles: dict[str, dict[str, int]] = defaultdict(dict)
    values: dict[str, int] = defaultdict(int)
    places: dict[str, int] = {}
    for book, fill in zip(made, fills, strict=True):
        worth = fill.filled * book.price if fill.value is None else fill.value
        for agent, quantity in _totals(book, fill.filled).items():
            bundles[book.names[agent]][book.lot] = quantity
        for agent, value in _totals(book, worth).items():
            values[book.names[agent]] += value
        if fill.position is not None:
            places |= {book.names[agent]: place for agent, place in _totals(book, fill.position).items()}
    return tuple(Award(name, bundles[name], values[name], places.get(name)) for name in sorted(bundles))


def _payments(problem: Problem, made: list[Book], fills: list[Fill]) -> dict[str, int]:
    payments = {bid.agent: 0 for bid in sorted(problem.bids, key=lambda bid: bid.agent)}
    for book, fill in zip(made, fills, strict=True):
        for agent, amount in _totals(book, fill.payment).items():
            payments[book.names[agent]] += amount
    return payments


def _dues(spec: Spec, lot: Lot, book: Book, fill: Fill) -> list[tuple[str, str, int]]:
    """(agent, counterparty, amount that the agent pays; negative: receives)."""
    owner = MARKET if spec.sides == "two" else (lot.buyer if book.buying else lot.seller) or MARKET
    return [(book.names[agent], owner, amount) for agent, amount in _totals(book, fill.payment).items()]


def _charges(dues: list[tuple[str, str, int]]) -> tuple[Charge, ...]:
    """Net by agent and counterparty, so that nobody owes somebody who owes as much back."""
    net: dict[tuple[str, str], int] = defaultdict(int)
    for agent, owner, amount in dues:
        net[agent, owner] += amount
    pairs = [
        (agent, owner, amount) if amount > 0 else (owner, agent, -amount) for (agent, owner), amount in net.items()
    ]
    return tuple(Charge(*pair) for pair in sorted(pairs) if pair[2])


def _certificate(made: list[Book], fills: list[Fill], bound: bool) -> dict[str, Any]:
    lots = {book.lot: fill.certificate for book, fill in zip(made, fills, strict=True) if fill.certificate}
    return {"grade": "exact", "budget_bound": bound, **({"lots": lots} if lots else {})}
