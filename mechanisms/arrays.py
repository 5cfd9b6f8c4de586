"""Running a single-lot rule on columns: the same algorithm as `run`, with nothing boxed bid by bid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from mechanisms import admission
from mechanisms.bids import Bid, Step
from mechanisms.book import Book, Column, Fill
from mechanisms.columns import Columns, check_bounds, check_columns
from mechanisms.digest import digest_of
from mechanisms.engine import assemble, prepare
from mechanisms.errors import ProblemError
from mechanisms.fields import read_free, read_seed
from mechanisms.registry import rule
from mechanisms.types import Outcome, Problem


@dataclass(frozen=True, eq=False)
class Arrays:
    """An outcome by rows: `filled` (signed) and `payment` (a total) are aligned with the columns' rows."""

    slug: str
    params: dict[str, Any]
    seed: str
    columns: Columns
    book: Book
    fill: Fill

    @property
    def status(self) -> str:
        """`cleared` or `no_trade`."""
        return "cleared" if self.fill.filled.any() else "no_trade"

    @property
    def price(self) -> int | None:
        """The unit price, None where the rule has none or nothing traded."""
        return self.fill.price

    @property
    def filled(self) -> Column:
        """Units by row, negative for sold."""
        return self.fill.filled

    @property
    def payment(self) -> Column:
        """What each row pays in total (negative: receives); what a rule charges an agent as a whole is on one row."""
        return self.fill.payment

    def problem(self) -> Problem:
        """The same problem as bids; an agent's steps stand best first."""
        steps: dict[int, list[Step]] = defaultdict(list)
        rows = zip(*(column.tolist() for column in (self.book.agent, self.book.quantity, self.book.price)), strict=True)
        for agent, quantity, price in rows:
            steps[agent].append(Step(self.columns.lot.id, quantity, price))
        bids = [Bid(self.book.names[agent], steps=_best_first(own)) for agent, own in steps.items()]
        problem = Problem(
            mechanism=self.slug,
            currency=self.columns.currency,
            exponent=self.columns.exponent,
            lots=(self.columns.lot,),
            bids=tuple(bids),
            params=self.params,
            seed=self.seed,
        )
        return prepare(rule(self.slug).spec, problem)

    def outcome(self) -> Outcome:
        """The whole outcome, equal to what `run` gives for `problem()`."""
        spec, problem = rule(self.slug).spec, self.problem()
        outcome = assemble(spec, problem, [self.book], [self.fill], False)
        return replace(outcome, digest=digest_of(problem.to_dict(), spec.version, outcome.to_dict()))


def _best_first(steps: list[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: -step.price if step.quantity > 0 else step.price))


def run_arrays(
    slug: str, columns: Columns | Mapping[str, Any], params: Mapping[str, Any] | None = None, seed: str = "00"
) -> Arrays:
    """Clear one lot from int64 columns `agent`, `quantity`, `price` (and the other fields of `Columns`).

    Raises ProblemError with a pointer to the column. Budgets and several lots need `run`.
    """
    found = rule(slug)
    if not found.lot_by_lot:
        raise ProblemError(
            "columns_not_taken", f"{slug} sells bundles, which columns cannot state; use run", "/mechanism"
        )
    if not isinstance(columns, Columns):
        columns = Columns(**columns)
    settled = found.spec.read_params(read_free(params or {}, "/params"))
    _check_lot(slug, columns, settled)
    check_columns(columns)
    book = Book(
        lot=columns.lot.id,
        agent=columns.agent,
        quantity=columns.quantity,
        price=columns.price,
        names=columns.names,
        seed=read_seed(seed, "/seed"),
        supply=1 if columns.lot.supply is None else columns.lot.supply,
        reserve=columns.lot.reserve,
        minimum=getattr(settled, "minimum", 0),
        buying=admission.buying(settled),
    )
    check_bounds(found.spec, columns, book)
    fill = found.clear_lot(book, settled)
    return Arrays(slug, settled.model_dump(mode="json"), seed, columns, book, fill)


def _check_lot(slug: str, columns: Columns, params: Any) -> None:
    try:
        rule(slug).spec.check_lot(columns.lot, params)
    except ProblemError as error:
        raise ProblemError(error.code, error.detail, f"/lot{error.pointer}") from error
