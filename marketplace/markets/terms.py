"""A market's terms: what stands fixed from its opening, in the form that bids are checked against."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import mechanisms
from marketplace.core.refusals import not_found
from marketplace.markets.models import Lot as LotRow
from marketplace.markets.models import Market
from marketplace.markets.requests import Asked, asked_of, asks
from marketplace.markets.turns import by_turns, first_problem, haggles
from marketplace.preferences.categories import known_categories
from marketplace.settlement.kin import kin_of
from mechanisms.check.receipts import term_hashes
from mechanisms.kinds import read_problem
from mechanisms.moves import read_instant, written
from mechanisms.preferences import Category, Table, tables_of
from mechanisms.reading import read_lots
from mechanisms.registry import Spec
from mechanisms.types import Lot

KEPT = 50_000  # markets whose terms a process keeps; the oldest goes first


@dataclass(frozen=True)
class Terms:
    """What never changes once a market has opened."""

    market_id: int
    ref: str
    mechanism: str
    params: Any
    lots: dict[str, Lot]
    currency: str
    exponent: int
    bid_key: bytes
    sealed: bool
    agenda: dict[str, Any]
    asked: Asked | None
    barred: dict[str, frozenset[int]]  # by lot: principals that share a person, a card or an account with its seller

    @cached_property
    def spec(self) -> Spec:
        """The rule's SPEC."""
        return mechanisms.get(self.mechanism)

    @cached_property
    def categories(self) -> dict[str, Category]:
        """The schemas of its lots' categories."""
        return known_categories(lot.category for lot in self.lots.values() if lot.category)

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Its lots as columns, by category, read once for every preference that is judged on them."""
        return tables_of([lot for lot in self.lots.values() if lot.category in self.categories], self.categories)


def problem_lots(market: Market) -> list[dict[str, Any]]:
    """The market's lots as a problem file writes them."""
    return _stated(market.lots.select_related("seller"))


def _stated(rows: Iterable[LotRow]) -> list[dict[str, Any]]:
    return [_problem_lot(row) for row in sorted(rows, key=lambda row: row.name)]


def _problem_lot(row: LotRow) -> dict[str, Any]:
    seller = row.seller.ref if row.seller else None
    stated = {"supply": row.supply, "seller": seller, "category": row.category or None}
    fixed = {"id": row.name, "reserve": row.reserve, "attributes": row.attributes}
    return fixed | {name: value for name, value in stated.items() if value is not None}


def find_market(ref: str) -> Market:
    """The market of this name; drafts are not for others to see."""
    market = Market.objects.exclude(state=Market.State.DRAFT).filter(ref=ref).first()
    if market is None:
        raise not_found("market", ref)
    return market


_known: dict[str, Terms] = {}


def known_terms(ref: str) -> Terms | None:
    """The terms of a market that this process has met before; no query."""
    return _known.get(ref)


def terms_of(ref: str) -> Terms:
    """The terms of an opened market, kept in memory: they cannot change any more."""
    found = all_terms([ref])
    if ref not in found:
        raise not_found("market", ref)
    return found[ref]


def all_terms(refs: Sequence[str]) -> dict[str, Terms]:
    """The same of many, without those that are no opened market; what memory does not hold is read together."""
    found = {ref: terms for ref in refs if (terms := _known.get(ref)) is not None}
    missing = [ref for ref in refs if ref not in found]
    if missing:
        opened = Market.objects.exclude(state=Market.State.DRAFT).filter(ref__in=missing).order_by("pk")
        for terms in _read_together(list(opened)):
            _keep(terms)
            found[terms.ref] = terms
    return found


def _keep(terms: Terms) -> None:
    while len(_known) >= KEPT:
        _known.pop(next(iter(_known)), None)
    _known[terms.ref] = terms


def read_terms(market: Market) -> Terms:
    """The terms as the rows have them now; refused where the rule does not accept them."""
    return _read_together([market])[0]


def _read_together(markets: Sequence[Market]) -> list[Terms]:
    """A query for all lots, and a few for each seller."""
    rows: dict[int, list[LotRow]] = {market.pk: [] for market in markets}
    for row in LotRow.objects.filter(market__in=rows).select_related("seller"):
        rows[row.market_id].append(row)
    sellers = {row.seller.principal_id for lots in rows.values() for row in lots if row.seller is not None}
    kin = {principal_id: kin_of(principal_id) for principal_id in sellers}
    return [_terms(market, rows[market.pk], kin) for market in markets]


def _terms(market: Market, rows: Sequence[LotRow], kin: Mapping[int, frozenset[int]]) -> Terms:
    spec = mechanisms.get(market.mechanism)
    return Terms(
        market_id=market.pk,
        ref=market.ref,
        mechanism=market.mechanism,
        params=spec.read_params(market.params),
        lots={lot.id: lot for lot in read_lots(_stated(rows))},
        currency=market.currency,
        exponent=market.exponent,
        bid_key=bytes(market.bid_key),
        sealed=spec.visibility == "sealed",
        agenda=market.agenda,
        asked=asked_of(rows[0]) if asks(market.mechanism) else None,
        barred={row.name: kin[row.seller.principal_id] for row in rows if row.seller is not None},
    )


def problem_terms(market: Market) -> dict[str, Any]:
    """What a market says of itself in a problem file; bids and seed come at the clearing."""
    return {
        "mechanism": market.mechanism,
        "params": market.params,
        "currency": market.currency,
        "exponent": market.exponent,
        "lots": problem_lots(market),
    }


def published_terms(market: Market) -> dict[str, str]:
    """A hash of each of the terms as problems will state them, for the event of the opening."""
    if asks(market.mechanism):
        problem: dict[str, Any] = asked_of(market.lots.get()).problem(market)
    elif by_turns(market.mechanism):
        problem = first_problem(market, market.agenda, problem_lots(market))
    else:
        problem = problem_terms(market) | {"bids": []}
    return term_hashes(read_problem(problem).to_dict(), mechanisms.get(market.mechanism).version)


def first_turn(market: Market, at: datetime) -> dict[str, Any]:
    """What the opening writes: a sale by moves begins at once; a haggle when both are there, and ends at its close."""
    if not by_turns(market.mechanism):
        return {}
    if haggles(market.mechanism):
        return {"turn_due_at": market.closes_at}
    course = course_of(market, at)
    state = mechanisms.start(market.mechanism, first_problem(market, None, problem_lots(market), course))
    return {"course": course, "turn_due_at": read_instant(state.deadline, "")}


def course_of(market: Market, at: datetime) -> dict[str, str]:
    """From when and until when moves count, as the problem says it; a clock of several rounds has no fixed end."""
    ends = {} if market.mechanism == "ascending_clock" else {"closes_at": written(market.closes_at.astimezone(UTC))}
    return {"opened_at": written(at.astimezone(UTC)), **ends}


def forget_all() -> None:
    """Empty the memory (tests, whose databases come and go)."""
    _known.clear()
