"""Shading: bid below the value, or ask above the cost, by as much as the equilibrium of the rule says.

All formulas are for private values drawn independently and uniformly from low..high, one unit an agent, and are
computed in integers and fractions; what is not whole is rounded towards the safe side (buyers down, sellers up).
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from random import Random
from typing import Any

from mechanisms.strategies.protocol import Situation, priced


def shading(situation: Situation, value: int, rng: Random) -> dict[str, Any]:
    """Bid the equilibrium price of the situation's rule; never worse than the value. Raises LookupError for others."""
    rule = RULES.get(situation.mechanism)
    if rule is None:
        raise LookupError(f"no equilibrium is known here for {situation.mechanism}; known: {', '.join(sorted(RULES))}")
    return priced(situation, rule(situation, value))


def _second_price(situation: Situation, value: int) -> int:
    """Truth, for no shading pays (Vickrey 1961)."""
    return value


def _first_price(situation: Situation, value: int) -> int:
    """With n bidders and the reserve r: v - (v/n) (1 - (r/v)^n), that is (n-1)/n of v without one.

    Vickrey 1961; Riley and Samuelson 1981. Worth counts from `low`; a seller to a market that buys mirrors this, from
    `high` down.
    """
    sign, origin = (1, situation.low) if situation.side == "buy" else (-1, situation.high)
    worth = min(sign * (value - origin), situation.high - situation.low)
    least = 0 if situation.reserve is None else max(0, sign * (situation.reserve - origin))
    if worth <= least:
        return value
    n = situation.rivals + 1
    shade = -((least**n - worth**n) // (n * worth ** (n - 1)))
    return origin + sign * (worth - shade)


def _double_auction(situation: Situation, value: int) -> int:
    """One pair of traders: the linear equilibrium of Chatterjee and Samuelson (1983), price k x bid + (1 - k) x ask.

    On [0, 1] the buyer bids v / (1 + k) + k (1 - k) / (2 (1 + k)) and the seller asks c / (2 - k) + (1 - k) / 2; at
    k = 1/2 these are 2v/3 + 1/12 and 2c/3 + 1/4. With m pairs the distance from truth is scaled by 2 / (m + 1). For
    k = 1 (and, mirrored, k = 0) this is again an equilibrium, v m / (m + 1) (Williams 1991); between, where no closed
    form exists, it falls as 1/m like any equilibrium (Rustichini, Satterthwaite and Williams 1994), but is not one
    itself.
    """
    k, width = Fraction(str(situation.params.get("k", "0.5"))), situation.high - situation.low
    within, share = min(max(value - situation.low, 0), width), Fraction(2, situation.rivals + 2)
    if situation.side == "buy":
        alone = within / (1 + k) + width * k * (1 - k) / (2 * (1 + k))
        return min(value, situation.high) - ceil(max(Fraction(0), within - alone) * share)
    alone = within / (2 - k) + width * (1 - k) / 2
    return max(value, situation.low) + ceil(max(Fraction(0), alone - within) * share)


RULES: dict[str, Callable[[Situation, int], int]] = {
    "first_price": _first_price,
    "second_price": _second_price,
    "double_auction": _double_auction,
}
