"""Why an agent got what it got, in plain words with the money spelled out."""

from __future__ import annotations

from typing import Any

from mechanisms import admission
from mechanisms.bids import Bid
from mechanisms.cases import Case
from mechanisms.errors import ProblemError
from mechanisms.money import in_words
from mechanisms.orders import Row, rows_of
from mechanisms.registry import get
from mechanisms.types import Award, Outcome, Problem

_NO_DEAL = {
    "no_trade": "Nothing was traded.",
    "void": "The round was void.",
    "unproven": "No result could be proven best, so nothing was traded.",
    "no_equilibrium": "No prices exist at which everybody would have got what they want.",
    "disagreement": "No agreement was reached.",
}


def explain(problem: Problem | Case, outcome: Any, agent: str, *, exact: bool = False, others: bool = True) -> str:
    """Plain words for one bidder; other agents' prices appear only as far as the market's price shows them.

    Of bundles it says what a loser would have needed: an interval from bounds, or with `exact` one number, solved for;
    and who is served with and without a winner. Without `others` neither is said: both follow from their values.
    Raises ProblemError `unknown_agent` for an agent that did not bid.
    """
    if isinstance(problem, Case):
        return _case(problem, outcome, agent)
    bid = next((bid for bid in problem.bids if bid.agent == agent), None)
    if bid is None:
        raise ProblemError("unknown_agent", f"no bid of {agent!r} is in this problem", "/bids")
    if get(outcome.mechanism).bundles and not (bid.steps or admission.is_lot_by_lot(problem)):
        from mechanisms.explaining_bundles import explain_bundles  # noqa: PLC0415  # the solver's side: only for bundles

        return explain_bundles(problem, outcome, bid, exact=exact, others=others)
    rows, clipped = rows_of(bid, problem.params.get("clicks"))
    parts = [_asked(problem, bid, rows)]
    if clipped:
        parts.append("Your budget was lower than your bid, so your bid counted only as far as it reached.")
    if outcome.status != "cleared":
        parts.append(_NO_DEAL[outcome.status])
    lots = sorted({row.lot for row in rows}) if outcome.status == "cleared" else []
    parts += [_result(problem, outcome, agent, lot, [row for row in rows if row.lot == lot]) for lot in lots]
    if lots:
        parts += [_total(problem, outcome, agent), get(outcome.mechanism).pricing]
    return " ".join(part for part in parts if part)


def _case(problem: Case, outcome: Any, agent: str) -> str:
    if agent not in problem.agents():
        raise ProblemError("unknown_agent", f"nobody called {agent!r} is in this problem")
    return " ".join([*problem.told(outcome, agent), get(outcome.mechanism).pricing])


def _asked(problem: Problem, bid: Bid, rows: list[Row]) -> str:
    if not rows:
        return "Your bid asked for nothing."
    if "clicks" in problem.params:
        return f"You offered {_words(problem, rows[0].price)} a click."
    stated = "; ".join(_sentence(problem, row) for row in rows[:4])
    return f"You stated: {stated}{'.' if len(rows) <= 4 else '; and more.'}"


def _sentence(problem: Problem, row: Row) -> str:
    each = f"{_words(problem, row.price)} each" if abs(row.quantity) > 1 else _words(problem, row.price)
    if row.quantity > 0:
        return f"buy {row.quantity:,} of {row.lot} for at most {each}"
    return f"sell {-row.quantity:,} of {row.lot} for at least {each}"


def _words(problem: Problem, amount: int) -> str:
    return in_words(amount, problem.currency, problem.exponent)


def _result(problem: Problem, outcome: Outcome, agent: str, lot: str, rows: list[Row]) -> str:
    award = outcome.award_of(agent)
    if "clicks" in problem.params:
        return _slot(problem, award)
    got = abs(award.bundle.get(lot, 0)) if award else 0
    wanted = sum(abs(row.quantity) for row in rows)
    verb = "bought" if rows[0].quantity > 0 else "sold"
    if got == wanted:
        amount = f"all {got:,} of {lot}" if got > 1 else lot
        return f"You {verb} {amount}.{_at(problem, outcome, lot)}"
    amount = f"{got:,} of {wanted:,} of {lot}" if got else f"nothing of {lot}"
    return f"You {verb} {amount}.{_at(problem, outcome, lot)} {_why(problem, outcome, lot, rows, got)}".rstrip()


def _slot(problem: Problem, award: Award | None) -> str:
    if award is None or award.position is None:
        return "You got no slot: better offers took them, or yours did not meet the reserve."
    return f"You got slot {award.position}, with {problem.params['clicks'][award.position - 1]:,} clicks."


def _at(problem: Problem, outcome: Outcome, lot: str) -> str:
    price = outcome.prices.get(lot)
    two = outcome.certificate.get("lots", {}).get(lot, {})
    if price is None and "buyer_price" in two:
        pays, gets = _words(problem, two["buyer_price"]), _words(problem, two["seller_price"])
        return f" Buyers paid {pays}, sellers received {gets}."
    return "" if price is None else f" The price was {_words(problem, price)}."


def _why(problem: Problem, outcome: Outcome, lot: str, rows: list[Row], got: int) -> str:
    """The first unit that was not filled, against the price."""
    price = outcome.prices.get(lot)
    if price is None:
        return "The rest went to better offers, or did not meet the reserve." if outcome.awards else ""
    left = got
    for row in rows:
        left -= abs(row.quantity)
        if left < 0:
            break
    own = _words(problem, row.price)
    if row.price == price:
        verb, better = ("offered", "more") if row.quantity > 0 else ("asked", "less")
        return f"Your {own} equalled it: what traded had {verb} {better}, or as much and came first by the tie rule."
    if (row.price > price) == (row.quantity > 0):
        return f"Your {own} was good enough for the price, but what could trade at it went to other offers first."
    return f"Your {own} was {'below' if row.quantity > 0 else 'above'} it."


def _total(problem: Problem, outcome: Outcome, agent: str) -> str:
    amount = outcome.payments.get(agent, 0)
    if amount == 0:
        return "You pay nothing." if outcome.award_of(agent) is None else "Nothing is paid."
    return (
        f"You pay {_words(problem, amount)} in total."
        if amount > 0
        else f"You receive {_words(problem, -amount)} in total."
    )
