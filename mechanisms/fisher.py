"""A Fisher market: goods in fixed supply, buyers with budgets, and shares at prices that clear it."""

from __future__ import annotations

from typing import Any, ClassVar

from mechanisms.cases import Case, Result
from mechanisms.decimals import LARGEST, Number, read_number
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_object
from mechanisms.money import in_words

MOST = 10_000


class Fisher(Case, frozen=True, kw_only=True):
    """`goods` by supply; each agent has a budget (whole units above 0) and a value per unit of each good it wants."""

    REQUIRED: ClassVar[tuple[str, ...]] = ("goods", "agents")

    goods: dict[str, Number]
    buyers: dict[str, tuple[int, dict[str, Number]]]

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Supplies and budgets above 0, values from 0 up, at least one above."""
        goods = {n: _above(v, f"/goods/{escape(n)}") for n, v in _named(data["goods"], "/goods").items()}
        return {
            "goods": goods,
            "buyers": {n: _buyer(n, v, goods) for n, v in _named(data["agents"], "/agents").items()},
        }

    def body(self) -> dict[str, Any]:
        """Goods and agents sorted by id."""
        agents = {
            name: {"budget": budget, "values": dict(sorted(v.items()))} for name, (budget, v) in self.buyers.items()
        }
        return {"goods": dict(sorted(self.goods.items())), "agents": dict(sorted(agents.items()))}

    def agents(self) -> list[str]:
        """The buyers, sorted."""
        return sorted(self.buyers)

    def told(self, outcome: Any, agent: str) -> list[str]:
        """The shares that one gets for its budget."""
        if outcome.status != "cleared":
            return ["No shares could be proven."]
        got = ", ".join(f"{share} of {good}" for good, share in outcome.shares[agent].items() if share)
        budget = self.buyers[agent][0]
        money = outcome.payments.get(agent)
        words = str(budget) if self.currency is None else in_words(budget, self.currency, self.exponent or 0)
        return [f"You get {got} for your budget of {words}{' in tokens' if money is None else ''}."]


class Allotted(Result, frozen=True, kw_only=True):
    """Shares by agent and good, a price for a unit of each good, and what the shares are worth to their holders."""

    shares: dict[str, dict[str, Number]]
    prices: dict[str, Number]
    utilities: dict[str, Number]


def _named(data: Any, pointer: str) -> dict[str, Any]:
    found = read_object(data, pointer, (), data if isinstance(data, dict) else ())
    if not 1 <= len(found) <= MOST:
        raise ProblemError("empty" if not found else "too_many", f"1 to {MOST} belong here", pointer)
    for name in found:
        read_id(name, f"{pointer}/{escape(name)}")
    return {name: found[name] for name in sorted(found)}


def _above(data: Any, pointer: str) -> Number:
    number = read_number(data, pointer, 0)
    if number == 0:
        raise ProblemError("out_of_range", "must be above 0", pointer)
    return number


def _buyer(name: str, data: Any, goods: dict[str, Number]) -> tuple[int, dict[str, Number]]:
    at = f"/agents/{escape(name)}"
    data = read_object(data, at, ("budget", "values"))
    values = read_object(data["values"], f"{at}/values", (), goods)
    found = {good: read_number(values[good], f"{at}/values/{escape(good)}", 0) for good in sorted(values)}
    if not any(found.values()):
        raise ProblemError("no_utility", "an agent values at least one good", f"{at}/values")
    return read_int(data["budget"], f"{at}/budget", 1, LARGEST), found
