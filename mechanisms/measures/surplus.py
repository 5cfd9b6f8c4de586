"""Welfare, efficiency, revenue, and how the surplus is split."""

from __future__ import annotations

from mechanisms.measures.clearing import BUYERS, SELLERS, Clearing
from mechanisms.measures.registry import Found, measure


@measure(label="Welfare by reports", unit="money")
def reported_welfare(clearing: Clearing) -> Found:
    """Reported values of all awards, minus the reserves of the units sold; sellers' values are their costs, negative.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 5.

    Assumes: private values, quasilinear.
    """
    return int(clearing.outcome.welfare) if clearing.auction else None


@measure(label="Efficiency by reports", unit="share")
def reported_efficiency(clearing: Clearing) -> Found:
    """Welfare by reports over the most welfare that the same reports allow; null where that most is zero.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 5.

    Assumes: private values, quasilinear; the best allocation is found by a rule that proves it optimal.
    """
    return _ratio(clearing.outcome.welfare, clearing.best_reported) if clearing.auction else None


@measure(label="Welfare by true values", unit="money")
def welfare(clearing: Clearing) -> Found:
    """True values of all awards, minus the reserves of the units sold.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 5.

    Assumes: private values, quasilinear; true values were supplied (simulations), null otherwise.
    """
    return _true_welfare(clearing)


@measure(label="Efficiency by true values", unit="share")
def efficiency(clearing: Clearing) -> Found:
    """True welfare over the most welfare that the true values allow; null where that most is zero.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 5.

    Assumes: private values, quasilinear; true values were supplied (simulations), null otherwise.
    """
    return _ratio(_true_welfare(clearing), clearing.best_true)


@measure(label="Revenue", unit="money")
def revenue(clearing: Clearing) -> Found:
    """The sum of what bidders pay, net; negative where the market buys, the market's own balance where both sides bid.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 2.

    Assumes: nothing; it is money charged.
    """
    return int(clearing.outcome.revenue) if clearing.sale else None


@measure(label="Budget balance", unit="money")
def budget_balance(clearing: Clearing) -> Found:
    """What stays with the market itself after every payee was paid; negative where it has to add money.

    Reference: Myerson and Satterthwaite, Journal of Economic Theory 29 (1983).

    Assumes: nothing; it is money charged.
    """
    return clearing.taken if clearing.sale or clearing.outcome.charges else None


@measure(label="Surplus of a side by reports", unit="money", per="side")
def reported_side_surplus(clearing: Clearing) -> Found:
    """Surplus by side: of bidders, reported value minus payment; of lots' owners, money received minus reserves. A lot
    that names no owner is the market's own; of two-sided rules, what the market keeps is `budget_balance`.

    Reference: Mas-Colell, Whinston and Green, Microeconomic Theory (1995), chapter 10.

    Assumes: private values, quasilinear; a reserve is what a unit is worth to its owner.
    """
    if not clearing.auction:
        return None
    if clearing.two_sided:
        sides = {BUYERS: 0, SELLERS: 0}
        for agent, surplus in clearing.reported.items():
            sides[_side(clearing, agent)] += surplus
        return sides
    bidders = sum(clearing.reported.values())
    owners = int(clearing.outcome.welfare) - bidders
    return {SELLERS: bidders, BUYERS: owners} if clearing.buying else {BUYERS: bidders, SELLERS: owners}


@measure(label="Surplus of a participant by reports", unit="money", per="participant")
def reported_surplus(clearing: Clearing) -> Found:
    """What a bidder reported its award to be worth, minus what it pays; a loser has 0.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 5.

    Assumes: private values, quasilinear.
    """
    return clearing.reported if clearing.auction else None


@measure(label="Surplus of a participant by true values", unit="money", per="participant")
def surplus(clearing: Clearing) -> Found:
    """What a bidder's award is truly worth to it, minus what it pays.

    Reference: Krishna, Auction Theory, 2nd ed. (2010), chapter 5.

    Assumes: private values, quasilinear; true values were supplied (simulations), null otherwise.
    """
    return clearing.true if clearing.auction else None


def _side(clearing: Clearing, agent: str) -> str:
    """Where a bidder of an exchange stands, by what it got; without an award its surplus is 0 on either side."""
    award = clearing.awards.get(agent)
    return SELLERS if award is not None and min(award.bundle.values(), default=0) < 0 else BUYERS


def _true_welfare(clearing: Clearing) -> int | None:
    if not clearing.auction or clearing.true is None:
        return None
    return sum(clearing.true.values()) + sum(clearing.payments.values()) - clearing.kept


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole
