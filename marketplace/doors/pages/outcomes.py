"""An outcome as the page shows it: nothing that the market's disclosure does not tell everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mechanisms
from marketplace.clearing.disclosure import prices_text, traded
from marketplace.core.money import amount_text
from marketplace.doors.pages.charts import Chart, Points, draw
from marketplace.doors.pages.words import NO_DEAL
from marketplace.markets.models import Lot, Market, Round
from mechanisms.types import Award, Outcome, Problem

LOTS_DRAWN = 6
AWARDS_SHOWN = 12
STEPS_SHOWN = 2_000
WELFARE = {"two": "Gained by both sides, as stated", "one": "Worth to who got it, as stated"}


@dataclass(frozen=True)
class Step:
    """One price with what is wanted at it or above, and what is offered at it or below."""

    price: str
    wanted: str
    offered: str
    is_price: bool


@dataclass(frozen=True)
class LotResult:
    """What became of one lot."""

    name: str
    price: str
    quantity: int
    chart: Chart | None
    steps: Sequence[Step] = ()
    best: str = ""

    @property
    def quantity_text(self) -> str:
        """The quantity, grouped by thousands."""
        return f"{self.quantity:,}"


@dataclass(frozen=True)
class AwardRow:
    """What one participant got and pays."""

    agent: str
    got: str
    pays: str


@dataclass(frozen=True)
class Result:
    """A cleared round for the page; `told` is whether the market tells more than prices and quantities."""

    status: str
    headline: str
    detail: str
    lots: list[LotResult]
    told: bool
    turnover: str
    welfare_label: str
    welfare: str
    awards: list[AwardRow]
    more_awards: str
    digest: str
    seed: str


@lru_cache(maxsize=64)
def result_of(round_ref: str) -> Result:
    """The result of a cleared round; it never changes, so a crowd of watchers costs one computation."""
    round_ = Round.objects.select_related("market").get(ref=round_ref)
    market = round_.market
    problem, outcome = Problem.from_json(round_.problem), Outcome.from_json(round_.outcome)
    told = market.disclosure != Market.Disclosure.OWN_ONLY
    lots = _lots(market, problem, outcome, told)
    headline, detail = _headline(outcome, lots)
    awards = [_award(award, outcome, market) for award in sorted(outcome.awards, key=_size)] if told else []
    return Result(
        status=outcome.status,
        headline=headline,
        detail=detail,
        lots=lots,
        told=told,
        turnover=_money(sum(charged for charged in outcome.payments.values() if charged > 0), market) if told else "",
        welfare_label=WELFARE[mechanisms.get(market.mechanism).sides],
        welfare=_money(outcome.welfare, market) if told else "",
        awards=awards[:AWARDS_SHOWN],
        more_awards=f"{len(awards) - AWARDS_SHOWN:,}" if len(awards) > AWARDS_SHOWN else "",
        digest=outcome.digest,
        seed=market.seed,
    )


def _lots(market: Market, problem: Problem, outcome: Outcome, told: bool) -> list[LotResult]:
    """Every lot with its price; the first few with their curves."""
    prices, quantities = prices_text(market, outcome), traded(outcome)
    titles = dict(Lot.objects.filter(market=market).values_list("name", "title"))
    rows = []
    for index, lot in enumerate(problem.lots):
        drawn = {}
        if told and index < LOTS_DRAWN:
            drawn = _drawn(market, mechanisms.curves(problem, lot.id), outcome.prices.get(lot.id), quantities, lot.id)
        name, price = titles.get(lot.id) or lot.id, prices.get(lot.id, "")
        rows.append(LotResult(name, price, quantities.get(lot.id, 0), **({"chart": None} | drawn)))
    return rows


def _drawn(
    market: Market, curves: dict[str, Any], price: int | None, quantities: dict[str, int], lot: str
) -> dict[str, Any]:
    demand, supply = curves["demand"], curves["supply"]
    units = {"exponent": market.exponent, "currency": market.currency}
    chart = draw(demand, supply, price=price, traded=quantities.get(lot, 0), **units)
    return {"chart": chart, "steps": steps(demand, supply, price, market), "best": _best(demand, supply, market)}


def steps(demand: Points, supply: Points, price: int | None, market: Market) -> list[Step]:
    """The curves as a table, highest price first."""
    wanted, offered = _by_price(demand), _by_price(supply)
    levels = sorted({*wanted, *offered} | ({price} if price is not None else set()))
    offers, reached = {}, 0
    for level in levels:
        offers[level] = reached = offered.get(level, reached)
    rows, reached = [], 0
    for level in reversed(levels):
        reached = wanted.get(level, reached)
        rows.append(Step(_money(level, market), f"{reached:,}", f"{offers[level]:,}", level == price))
    return rows[:STEPS_SHOWN]


def _by_price(points: Points) -> dict[int, int]:
    return {unit: quantity for quantity, unit in points}


def _best(demand: Points, supply: Points, market: Market) -> str:
    """Where the two sides stood: what a person asks first when nothing was traded."""
    parts = [f"the highest bid was {_money(demand[0][1], market)}"] if demand else ["nobody bid"]
    parts += [f"the lowest offer {_money(supply[0][1], market)}"] if supply else ["nothing was offered"]
    words = ", ".join(parts)
    return words[0].upper() + words[1:] + "."


def _headline(outcome: Outcome, lots: list[LotResult]) -> tuple[str, str]:
    """The outcome in two breaths: the large words, and the line beneath."""
    if outcome.status != "cleared":
        return "No trade" if outcome.status == "no_trade" else "No outcome", NO_DEAL.get(outcome.status, "")
    sold = [lot for lot in lots if lot.quantity]
    if len(sold) != 1:
        return f"{len(sold)} of {len(lots)} lots traded", "Each at its own price."
    if not sold[0].price:
        return f"{sold[0].quantity:,} traded", "Each at its own price."
    quantity = sold[0].quantity
    return sold[0].price, f"{quantity:,} traded, each at this price." if quantity > 1 else "One traded, at this price."


def _size(award: Award) -> tuple[int, str]:
    """The large ones first."""
    return -sum(abs(quantity) for quantity in award.bundle.values()), award.agent


def _award(award: Award, outcome: Outcome, market: Market) -> AwardRow:
    payment = outcome.payments.get(award.agent, 0)
    words = [
        f"{'buys' if quantity > 0 else 'sells'} {abs(quantity):,} {lot}"
        for lot, quantity in sorted(award.bundle.items())
    ]
    act = "pays" if payment >= 0 else "receives"
    return AwardRow(award.agent, ", ".join(words), f"{act} {_money(abs(payment), market)}")


def _money(amount: int, market: Market) -> str:
    return amount_text(amount, market.exponent, market.currency)
