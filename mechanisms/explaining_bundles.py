"""Why an agent got the bundle that it got: what the others lose by it, or what it would have needed to win."""

from __future__ import annotations

from msgspec.structs import replace

from mechanisms.bids import Bid
from mechanisms.bundles import Sale
from mechanisms.money import in_words
from mechanisms.registry import get
from mechanisms.solve.bound import prices_of, weigh
from mechanisms.solve.rounding import completed
from mechanisms.types import Award, Outcome, Problem

_NO_DEAL = {
    "no_trade": "Nothing was traded.",
    "void": "The round was void: the market would have had to pay in more than its cap.",
    "unproven": "No allocation could be proven best, so nothing was traded.",
    "no_equilibrium": "No prices exist at which everybody would have got what they want.",
}


def explain_bundles(problem: Problem, outcome: Outcome, bid: Bid, *, exact: bool = False, others: bool = True) -> str:
    """Plain words for one bidder; what it would have needed is an interval, or one number where `exact` is asked.

    Without `others` nothing is said that follows from what others stated, beyond the bidder's own result.
    """
    parts = [_asked(problem, bid)]
    if bid.budget is not None and any(atom.value > bid.budget for atom in bid.atoms or ()):
        parts.append("Your budget was lower than your bid, so your bid counted only as far as it reached.")
    if outcome.status != "cleared":
        return " ".join([*parts, _NO_DEAL.get(outcome.status, "No agreement was reached.")])
    award = outcome.award_of(bid.agent)
    if award:
        parts += _won(problem, outcome, award, others)
    else:
        parts += ["You won nothing, and you pay nothing.", *(_needed(problem, outcome, bid, exact) if others else ())]
    return " ".join([*parts, get(outcome.mechanism).pricing])


def _words(problem: Problem, amount: int) -> str:
    return in_words(amount, problem.currency, problem.exponent)


def bundle_in_words(bundle: dict[str, int]) -> str:
    """`2 of X and Y`."""
    names = [lot if abs(n) == 1 else f"{abs(n):,} of {lot}" for lot, n in sorted(bundle.items())]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _verb(bundle: dict[str, int]) -> str:
    return "buy" if min(bundle.values()) > 0 else "sell" if max(bundle.values()) < 0 else "trade"


def _asked(problem: Problem, bid: Bid) -> str:
    if not bid.atoms:
        return "Your bid asked for nothing."
    said = [
        f"{_verb(atom.bundle)} {bundle_in_words(atom.bundle)} for "
        f"{'at most' if atom.value >= 0 else 'at least'} {_words(problem, abs(atom.value))}"
        for atom in bid.atoms[:4]
    ]
    return f"You stated: {'; or '.join(said)}{'.' if len(bid.atoms) <= 4 else '; or more.'}"


def _won(problem: Problem, outcome: Outcome, award: Award, others: bool) -> list[str]:
    paid = outcome.payments[award.agent]
    verb = {"buy": "bought", "sell": "sold", "trade": "traded"}[_verb(award.bundle)]
    money = f"You pay {_words(problem, paid)}." if paid >= 0 else f"You receive {_words(problem, -paid)}."
    parts = [f"You {verb} {bundle_in_words(award.bundle)}. {money}"]
    served = served_without(problem, outcome, award.agent) if others else None
    if served is not None:
        parts.append(f"Bidders served beside you: {len(outcome.awards) - 1}; without you it were {len(served)}.")
    return parts


def served_without(problem: Problem, outcome: Outcome, agent: str) -> list[str] | None:
    """By name who would be served without this winner; None where the certificate is silent."""
    told = outcome.certificate.get("without", {}).get(agent)
    if told is None:
        return None
    offers = _sale(problem).offers
    return sorted({offers[column].agent for column in told["columns"]})


def _sale(problem: Problem) -> Sale:
    spec = get(problem.mechanism)
    two = spec.sides == "two"
    lots = tuple(replace(lot, supply=(0 if two else 1) if lot.supply is None else lot.supply) for lot in problem.lots)
    return Sale(replace(problem, lots=lots), spec.read_params(problem.params))


def _needed(problem: Problem, outcome: Outcome, bid: Bid, exact: bool) -> list[str]:
    parts, sale = [], _sale(problem)
    for column in [c for c, offer in enumerate(sale.offers) if offer.agent == bid.agent][:4]:
        what = bundle_in_words(dict(sale.offers[column].bundle))
        low, high = needed_to_win(sale, outcome.welfare, column, exact=exact)
        if high is None and low is None:
            parts.append(f"{what} could not be had with anything that was on offer.")
        elif low == high:
            parts.append(f"For {what}, {_words(problem, abs(low or 0))} would have drawn level with the others.")
        else:
            span = sorted(abs(edge or 0) for edge in (low, high))
            parts.append(
                f"For {what}, somewhere between {_words(problem, span[0])} and {_words(problem, span[1])} "
                "would have drawn level with the others."
            )
    return parts


def needed_to_win(sale: Sale, welfare: int, column: int, *, exact: bool = False) -> tuple[int | None, int | None]:
    """Bounds of the value at which a loser's offer would have been as good as the best allocation, in units.

    The others' best beside the offer is bounded by one relaxation and one rounding; `exact` solves for it, and may
    raise UnprovenError. (None, None) where the offer fits with nothing.
    """
    offer, packing = sale.offers[column], sale.packing
    gain = packing.gain.copy()
    gain[column] = 0
    others = packing.regained(gain)
    free = sale.columns_without({offer.agent}) & ~packing.conflicts[column]
    ones = sale.winners.every() & False
    ones[column] = True
    kept = welfare + offer.kept
    if not packing.fits([column]) and not sale.two_sided:
        return None, None
    winners = type(sale.winners)(others, sale.node_limit)
    if exact:
        found = winners.best(free, ones, value=-(2**61))
        return (None, None) if not found.chosen else (kept - found.value, kept - found.value)
    relaxed = winners.relaxation.solve(free, ones)
    most = weigh(others, [], prices_of(winners.relaxation, relaxed), free, ones).floor
    reached = completed(others, relaxed.share, free, ones)
    low = kept - most
    return low, kept - others.worth(reached) if reached is not None else None
