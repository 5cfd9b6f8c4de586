"""Why an agent got the bundle that it got: what the others lose by it, or what it would have needed to win."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from mechanisms.bids import Bid
from mechanisms.bundles import Sale
from mechanisms.money import in_words
from mechanisms.registry import get
from mechanisms.solve.bound import prices_of, weigh
from mechanisms.solve.errors import UnprovenError
from mechanisms.solve.packing import Mask
from mechanisms.solve.rounding import completed
from mechanisms.solve.winners import Proven, Winners
from mechanisms.types import Award, Outcome, Problem

MOST_NAMES = 4  # atoms that are spoken of, and agents that are named
Interval = tuple[int | None, int | None]
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
    parts, most = [_asked(problem, bid)], bid.program.most if bid.program else 0
    if bid.budget is not None and max([*(atom.value for atom in bid.atoms or ()), most]) > bid.budget:
        parts.append("Your budget was lower than your bid, so your bid counted only as far as it reached.")
    if outcome.status != "cleared":
        parts.append(_NO_DEAL[outcome.status])
    if outcome.status not in ("cleared", "no_trade"):
        return " ".join(parts)
    award = outcome.award_of(bid.agent)
    if award:
        parts += [_won(problem, outcome, award), *(_served(problem, outcome, award, exact) if others else ())]
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
    if bid.program is not None:
        lots = len(bid.program.lots())
        return f"You stated what bundles of {lots} lots are worth to you, up to {_words(problem, bid.program.most)}."
    if not bid.atoms:
        return "Your bid asked for nothing."
    said = [
        f"{_verb(atom.bundle)} {bundle_in_words(atom.bundle)} for "
        f"{'at most' if atom.value >= 0 else 'at least'} {_words(problem, abs(atom.value))}"
        for atom in bid.atoms[:MOST_NAMES]
    ]
    return f"You stated: {'; or '.join(said)}{'.' if len(bid.atoms) <= MOST_NAMES else '; or more.'}"


def _won(problem: Problem, outcome: Outcome, award: Award) -> str:
    paid = outcome.payments[award.agent]
    verb = {"buy": "bought", "sell": "sold", "trade": "traded"}[_verb(award.bundle)]
    money = f"You pay {_words(problem, paid)}." if paid >= 0 else f"You receive {_words(problem, -paid)}."
    return f"You {verb} {bundle_in_words(award.bundle)}. {money}"


def _served(problem: Problem, outcome: Outcome, award: Award, exact: bool) -> list[str]:
    """Whom the winner displaces, and what its presence adds; under Clarke's rule that is what it does not pay."""
    without = without_agent(problem, outcome, award.agent, exact=exact)
    if without is None:
        return []
    beside = [other.agent for other in outcome.awards if other is not award]
    adds = outcome.welfare - without.welfare
    gain, rest, added = (_words(problem, amount) for amount in (outcome.welfare, without.welfare, adds))
    clarke = outcome.payments[award.agent] == award.value - adds >= 0
    less = f", and pay your {_words(problem, award.value)} less that" if clarke else ""
    return [
        f"Served beside you: {_names(beside)}; without you: {_names(without.served)}.",
        f"All gain {gain}, without you {rest}: you add {added}{less}.",
    ]


def _names(agents: Sequence[str]) -> str:
    if not agents:
        return "nobody"
    said = ", ".join(agents[:MOST_NAMES])
    return said if len(agents) <= MOST_NAMES else f"{said} and {len(agents) - MOST_NAMES:,} more"


class Without(NamedTuple):
    """The best allocation without one winner."""

    welfare: int
    served: list[str]


def without_agent(problem: Problem, outcome: Outcome, agent: str, *, exact: bool = False) -> Without | None:
    """What there would be without this winner; None where the certificate is silent and `exact` is not asked.

    Rules without pivots do not solve for it beforehand: `exact` does, unless the node limit ends it (None).
    """
    told = outcome.certificate.get("without", {}).get(agent)
    if told is None and not exact:
        return None
    sale = sale_of(problem)
    try:
        found = None if told else sale.best_without(agent, standing(sale, outcome))
    except UnprovenError:
        return None
    welfare, columns = (found.value, found.chosen) if found else (told["welfare"], told["columns"])
    return Without(welfare, sorted({sale.owner(column) for column in columns}))


def sale_of(problem: Problem) -> Sale:
    """The sale that a problem file states, defaults written out."""
    spec = get(problem.mechanism)
    two = spec.sides == "two"
    lots = tuple(replace(lot, supply=(0 if two else 1) if lot.supply is None else lot.supply) for lot in problem.lots)
    return Sale(replace(problem, lots=lots), spec.read_params(problem.params))


def standing(sale: Sale, outcome: Outcome) -> Proven:
    """The awarded allocation as columns of the sale."""
    if sale.programs:
        return Proven(outcome.welfare, tuple(outcome.certificate["columns"]), "solver", (), [])
    bundles = {award.agent: tuple(sorted(award.bundle.items())) for award in outcome.awards}
    chosen = tuple(c for c, offer in enumerate(sale.offers) if bundles.get(offer.agent) == offer.bundle)
    return Proven(outcome.welfare, chosen, "solver", (), [])


def _needed(problem: Problem, outcome: Outcome, bid: Bid, exact: bool) -> list[str]:
    sale = sale_of(problem)
    own = [column for column, offer in enumerate(sale.offers) if offer.agent == bid.agent]
    return [_level(problem, sale, outcome.welfare, column, exact) for column in own[:MOST_NAMES]]


def _level(problem: Problem, sale: Sale, welfare: int, column: int, exact: bool) -> str:
    """At which value the offer would have drawn level; whoever only sells asks for it, and never for less than 0."""
    bundle = dict(sale.offers[column].bundle)
    what, verb = bundle_in_words(bundle), _verb(bundle)
    low, high = needed_to_win(sale, welfare, column, exact=exact)
    if low is None or (verb == "sell" and low > 0):
        return f"{what} could not be {'sold at any price' if verb == 'sell' else 'had with anything on offer'}."
    low = max(low, 0) if verb == "buy" else low
    high = min(high, 0) if verb == "sell" and high is not None else high
    if low == high:
        return f"For {what}, {_value(problem, verb, low)} would have drawn level with the others."
    if high is None:
        return f"For {what}, less than {_value(problem, verb, low)} would not have drawn level with the others."
    ends = f"{_value(problem, verb, low)} and {_value(problem, verb, high)}"
    return f"For {what}, somewhere between {ends} would have drawn level with the others."


def _value(problem: Problem, verb: str, value: int) -> str:
    """An amount, and which way it goes where that is not plain from the bundle."""
    side = {"buy": "", "sell": "asking "}.get(verb, "paying " if value >= 0 else "receiving ")
    return side + _words(problem, abs(value))


def needed_to_win(sale: Sale, welfare: int, column: int, *, exact: bool = False) -> Interval:
    """Bounds of the value at which a loser's offer would have been as good as the best allocation, in units.

    The others' best beside the offer is bounded by one relaxation and one rounding; `exact` solves for it, and falls
    back on the bounds past the node limit. (None, None) where the offer fits with nothing; (low, None) where it may.
    """
    offer, packing = sale.offers[column], sale.packing
    if not packing.fits([column]) and not sale.two_sided:
        return None, None
    gain = packing.gain.copy()
    gain[column] = 0
    others = packing.regained(gain)
    free = sale.columns_without({offer.agent}) & ~packing.conflicts[column]
    ones = np.arange(packing.columns) == column
    kept = welfare + offer.kept
    winners = Winners(others, sale.node_limit)
    if exact:
        with suppress(UnprovenError):
            found = winners.best(free, ones, value=-others.total)
            return (kept - found.value, kept - found.value) if found.chosen else (None, None)
    return _bounds(winners, free, ones, kept)


def _bounds(winners: Winners, free: Mask, ones: Mask, kept: int) -> Interval:
    """By one relaxation, whose bound below anything reachable shows that nothing fits, and one rounding."""
    packing = winners.packing
    relaxed = winners.relaxation.solve(free, ones)
    most = weigh(packing, [], prices_of(winners.relaxation, relaxed), free, ones).floor
    if most < -packing.total:
        return None, None
    reached = completed(packing, relaxed.share, free, ones)
    return kept - most, kept - packing.worth(reached) if reached is not None else None
