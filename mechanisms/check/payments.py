"""What each bidder should pay under the built-in rules, given who got what: naive code, sharing none with the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

from mechanisms.bids import Lot
from mechanisms.check.bundles import right_payments
from mechanisms.check.finding import Finding
from mechanisms.check.reports import Report, Run, reports, traded
from mechanisms.check.slots import is_slots, slot_payments
from mechanisms.check.stated import is_bundles
from mechanisms.types import Outcome, Problem

Prices = dict[str, int]  # what each trading agent pays for all its units of one lot (negative: receives)


def payments_right(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Every payment is what the rule's definition asks for the awards that were made; unknown rules are passed over."""
    if is_bundles(problem):
        yield from right_payments(problem, outcome)
        return
    if is_slots(problem):
        due = slot_payments(problem, outcome)
    elif outcome.mechanism in _RULES:
        due = {bid.agent: 0 for bid in problem.bids}
        for lot in problem.lots:
            for agent, amount in _RULES[outcome.mechanism](problem, outcome, lot).items():
                due[agent] += amount
    else:
        return
    for agent, amount in due.items():
        if outcome.payments.get(agent) != amount:
            detail = f"{agent!r} pays {outcome.payments.get(agent)}, by the definition {amount}"
            yield Finding("consistent", "wrong_payment", detail, f"/payments/{agent}")


def _floor(problem: Problem, lot: Lot) -> int:
    return -lot.reserve if problem.params.get("direction") == "buy" else lot.reserve


def _runs(report: Report, lot: str) -> list[Run]:
    return report.buys.get(lot, []) + report.sells.get(lot, [])


def _after(runs: list[Run], number: int) -> list[Run]:
    """What is left of the runs when the first `number` units are gone."""
    rest = []
    for units, each in runs:
        gone = min(units, number)
        number -= gone
        if units > gone:
            rest.append((units - gone, each))
    return rest


def _worth(runs: Iterable[Run], number: int, otherwise: int) -> int:
    """The worth of the first `number` units, those that are missing at another worth."""
    total = 0
    for units, each in runs:
        total += min(units, number) * each
        number -= min(units, number)
        if number == 0:
            break
    return total + number * otherwise


def _left(problem: Problem, lot: Lot, got: Prices, known: list[Report]) -> list[tuple[str, Run]]:
    """(agent, run) of what was left unfilled at or above the floor, the best first."""
    runs = [(r.agent, run) for r in known for run in _after(_runs(r, lot.id), abs(got.get(r.agent, 0)))]
    return sorted((pair for pair in runs if pair[1][1] >= _floor(problem, lot)), key=lambda pair: -pair[1][1])


def _own_value(problem: Problem, outcome: Outcome, lot: Lot) -> Prices:
    known = {report.agent: report for report in reports(problem)}
    return {agent: known[agent].worth(lot.id, n) or 0 for agent, n in traded(outcome, lot.id).items()}


def _second(problem: Problem, outcome: Outcome, lot: Lot) -> Prices:
    known = reports(problem)
    due = {}
    for agent in traded(outcome, lot.id):
        rivals = [each for report in known if report.agent != agent for _, each in _runs(report, lot.id)]
        due[agent] = max([_floor(problem, lot), *rivals])
    return due


def _uniform(problem: Problem, outcome: Outcome, lot: Lot) -> Prices:
    got, known = traded(outcome, lot.id), reports(problem)
    if problem.params.get("price") == "last_accepted":
        runs = {report.agent: _runs(report, lot.id) for report in known}
        price = min((_after(runs[agent], abs(n) - 1)[0][1] for agent, n in got.items()), default=0)
    else:
        price = max([_floor(problem, lot), *(each for _, (_, each) in _left(problem, lot, got, known)[:1])])
    return {agent: abs(n) * price for agent, n in got.items()}


def _vickrey(problem: Problem, outcome: Outcome, lot: Lot) -> Prices:
    got = traded(outcome, lot.id)
    left = _left(problem, lot, got, reports(problem))
    due = {}
    for agent, n in got.items():
        due[agent] = _worth((run for owner, run in left if owner != agent), abs(n), _floor(problem, lot))
    return due


def _curves(problem: Problem, lot: Lot) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(price, units) of demand from the dearest and of supply from the cheapest."""
    known = reports(problem)
    demand = sorted(((each, units) for r in known for units, each in r.buys.get(lot.id, [])), reverse=True)
    return demand, sorted((-each, units) for r in known for units, each in r.sells.get(lot.id, []))


def _unit_price(curve: list[tuple[int, int]], number: int) -> int | None:
    for price, units in curve:
        number -= units
        if number <= 0:
            return price
    return None


def _largest_quantity(demand: list[tuple[int, int]], supply: list[tuple[int, int]]) -> int:
    """The most that can trade at any stated price, by walking the prices down."""
    units: dict[int, int] = defaultdict(int)
    for price, number in demand:
        units[price] += number
    offered = sum(number for _, number in supply)
    cheapest_last = list(supply)
    wanted = most = 0
    for price in sorted({*units, *(price for price, _ in supply)}, reverse=True):
        while cheapest_last and cheapest_last[-1][0] > price:
            offered -= cheapest_last.pop()[1]
        wanted += units.get(price, 0)
        most = max(most, min(wanted, offered))
    return most


def _double(problem: Problem, outcome: Outcome, lot: Lot) -> Prices:
    demand, supply = _curves(problem, lot)
    q = _largest_quantity(demand, supply)
    if q == 0:
        return {}
    lows = [_unit_price(supply, q), _unit_price(demand, q + 1)]
    highs = [_unit_price(demand, q), _unit_price(supply, q + 1)]
    low, high = max(p for p in lows if p is not None), min(p for p in highs if p is not None)
    price = low + int(Fraction(str(problem.params["k"])) * (high - low) // 1)
    return {agent: n * price for agent, n in traded(outcome, lot.id).items()}


def _reduced(problem: Problem, outcome: Outcome, lot: Lot) -> Prices:
    demand, supply = _curves(problem, lot)
    q = _largest_quantity(demand, supply)
    bid, ask = _unit_price(demand, q), _unit_price(supply, q)
    after = [_unit_price(demand, q + 1), _unit_price(supply, q + 1)]
    if problem.params["variant"] == "mcafee" and None not in after and bid is not None and ask is not None:
        middle = sum(price for price in after if price is not None) // 2
        bid, ask = (middle, middle) if ask <= middle <= bid else (bid, ask)
    return {agent: n * ((bid if n > 0 else ask) or 0) for agent, n in traded(outcome, lot.id).items()}


_RULES: dict[str, Callable[[Problem, Outcome, Lot], Prices]] = {
    "first_price": _own_value,
    "pay_as_bid": _own_value,
    "second_price": _second,
    "uniform_price": _uniform,
    "multi_unit_vickrey": _vickrey,
    "double_auction": _double,
    "trade_reduction": _reduced,
}
