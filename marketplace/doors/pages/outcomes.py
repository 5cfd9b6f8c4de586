"""An outcome as the page shows it: nothing that the market's disclosure does not tell everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from marketplace.clearing.explanations import outcome_answer
from marketplace.core.money import amount_text
from marketplace.doors.pages.charts import Chart, Points, draw
from marketplace.doors.pages.gains import AwardRow, Bar, awarded, bars
from marketplace.doors.pages.words import NO_DEAL
from marketplace.markets.models import Market, Round
from marketplace.markets.turns import haggles
from marketplace.reports.outcomes import outcome_rows

LOTS_DRAWN = 6
AWARDS_SHOWN = 12
WHOLE = "Who wins several pays one sum for them; no lot has a price by itself."
STEPS_SHOWN = 2_000
STRUCK = ("Agreed", "The two parties have agreed, and it binds both.")


@dataclass(frozen=True)
class Step:
    """One price with what is wanted at it or above, and what is offered at it or below."""

    price: str
    wanted: str
    offered: str
    is_price: bool


@dataclass(frozen=True)
class LotResult:
    """What became of one lot; `best` says where the two sides stood."""

    name: str
    price: str
    quantity: int
    chart: Chart | None = None
    steps: Sequence[Step] = ()
    best: str = ""

    @property
    def quantity_text(self) -> str:
        """The quantity, grouped by thousands."""
        return f"{self.quantity:,}"


@dataclass(frozen=True)
class Result:
    """A cleared round for the page; `told` is whether the market tells more than prices and quantities."""

    status: str
    headline: str
    detail: str
    lots: list[LotResult]
    told: bool
    turnover: str
    welfare: str
    awards: list[AwardRow]
    bars: list[Bar]
    more_awards: str
    digest: str
    seed: str

    @property
    def priced(self) -> bool:
        """Whether any lot has a price of its own."""
        return any(lot.price for lot in self.lots)


def is_struck(market: Market, answer: Mapping[str, Any]) -> bool:
    """Whether two have haggled and agreed."""
    return haggles(market.mechanism) and answer["status"] == "cleared"


@lru_cache(maxsize=64)
def result_of(round_ref: str) -> Result:
    """The result of the round that stands; it never changes, so a crowd of watchers costs one computation."""
    market = Round.objects.select_related("market").get(ref=round_ref).market
    answer = outcome_answer(market, None)
    told = market.disclosure != Market.Disclosure.OWN_ONLY
    rows = outcome_rows(market, own=set(), everything=False) if told else []
    lots = _lots(market, answer)
    headline, detail = STRUCK if is_struck(market, answer) else _headline(answer["status"], lots)
    awards = awarded(rows, market, many=len(lots) > 1)
    drawn = any(lot.chart for lot in lots)  # curves show the gains already
    return Result(
        status=answer["status"],
        headline=headline,
        detail=detail,
        lots=lots,
        told=told,
        turnover=_money(sum(row["payment"] for row in rows if row["payment"] > 0), market),
        welfare=_money(answer.get("welfare", 0), market),
        awards=awards[:AWARDS_SHOWN],
        bars=[] if drawn else bars(awards[:AWARDS_SHOWN]),
        more_awards=f"{len(awards) - AWARDS_SHOWN:,}" if len(awards) > AWARDS_SHOWN else "",
        digest=answer["digest"],
        seed=answer["seed"],
    )


def _lots(market: Market, answer: Mapping[str, Any]) -> list[LotResult]:
    """Every lot with its price; the first few with their curves, where those are told."""
    results = []
    for index, lot in enumerate(market.lots.order_by("name")):
        quantity, price = answer["traded"].get(lot.name, 0), answer["prices"].get(lot.name)
        drawn: dict[str, Any] = {}
        if index < LOTS_DRAWN and lot.name in answer.get("curves", {}):
            drawn = _drawn(market, answer["curves"][lot.name], price, quantity)
        results.append(LotResult(lot.title or lot.name, answer["prices_text"].get(lot.name, ""), quantity, **drawn))
    return results


def _drawn(market: Market, curves: Mapping[str, Points], price: int | None, quantity: int) -> dict[str, Any]:
    demand, supply = curves["demand"], curves["supply"]
    units = {"exponent": market.exponent, "currency": market.currency}
    chart = draw(demand, supply, price=price, traded=quantity, **units)
    best = _best(demand, supply, market) if demand or supply else ""
    return {"chart": chart, "steps": steps(demand, supply, price, market), "best": best}


def steps(demand: Points, supply: Points, price: int | None, market: Market) -> list[Step]:
    """The curves as a table, highest price first."""
    wanted, offered = ({unit: quantity for quantity, unit in side} for side in (demand, supply))
    levels = sorted({*wanted, *offered} | ({price} if price is not None else set()))
    offers, reached = {}, 0
    for level in levels:
        offers[level] = reached = offered.get(level, reached)
    rows, reached = [], 0
    for level in reversed(levels):
        reached = wanted.get(level, reached)
        rows.append(Step(_money(level, market), f"{reached:,}", f"{offers[level]:,}", level == price))
    return rows[:STEPS_SHOWN]


def _best(demand: Points, supply: Points, market: Market) -> str:
    """Where the two sides stood: what a person asks first when nothing was traded."""
    parts = [f"the highest bid was {_money(demand[0][1], market)}"] if demand else ["nobody bid"]
    parts += [f"the lowest offer {_money(supply[0][1], market)}"] if supply else ["nothing was offered"]
    words = ", ".join(parts)
    return words[0].upper() + words[1:] + "."


def _headline(status: str, lots: list[LotResult]) -> tuple[str, str]:
    """The outcome in two breaths: the large words, and the line beneath."""
    if status != "cleared":
        return "No trade" if status == "no_trade" else "No outcome", NO_DEAL.get(status, "")
    sold = [lot for lot in lots if lot.quantity]
    if len(sold) != 1:
        whole = not any(lot.price for lot in sold)
        return f"{len(sold)} of {len(lots)} lots traded", WHOLE if whole else "Each at its own price."
    if not sold[0].price:
        return f"{sold[0].quantity:,} traded", "Each at its own price."
    quantity = sold[0].quantity
    return sold[0].price, f"{quantity:,} traded, each at this price." if quantity > 1 else "One traded, at this price."


def _money(amount: int, market: Market) -> str:
    return amount_text(amount, market.exponent, market.currency)
