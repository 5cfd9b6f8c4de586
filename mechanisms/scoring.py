"""A buyer's request and the offers on it: attributes, asks, and what each offer is worth to the buyer."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from mechanisms.cases import Case
from mechanisms.decimals import LARGEST
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_list, read_object
from mechanisms.money import in_words
from mechanisms.types import Outcome

__all__ = ["Offer", "Outcome", "Request"]

MOST_OFFERS = 100_000
Value = str | int | bool


class Offer(Struct, frozen=True):
    """One thing that a seller would deliver, and what it asks for it in units."""

    id: str
    attributes: dict[str, Value]
    ask: int

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"id": self.id, "attributes": dict(sorted(self.attributes.items())), "ask": self.ask}


class Request(Case, frozen=True, kw_only=True):
    """A buyer with its sealed worth (a base, and units for each value of each attribute), and offers by seller."""

    REQUIRED: ClassVar[tuple[str, ...]] = ("buyer", "bids")

    buyer: str
    base: int
    values: dict[str, dict[str, int | None]]
    offers: dict[str, tuple[Offer, ...]]

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Whole units everywhere; null units refuse a value."""
        buyer = read_object(data["buyer"], "/buyer", ("agent", "worth"))
        worth = read_object(buyer["worth"], "/buyer/worth", ("base",), ("values",))
        name = read_id(buyer["agent"], "/buyer/agent")
        offers: dict[str, tuple[Offer, ...]] = {}
        for index, bid in enumerate(read_list(data["bids"], "/bids")):
            bid = read_object(bid, f"/bids/{index}", ("agent", "offers"))
            agent = read_id(bid["agent"], f"/bids/{index}/agent")
            if agent in offers or agent == name:
                raise ProblemError("duplicate_agent", f"{agent!r} is in this request already", f"/bids/{index}/agent")
            offers[agent] = _offers(bid["offers"], f"/bids/{index}/offers")
        if sum(map(len, offers.values())) > MOST_OFFERS:
            raise ProblemError("too_many_bids", f"at most {MOST_OFFERS} offers", "/bids")
        base = read_int(worth["base"], "/buyer/worth/base", -LARGEST, LARGEST)
        values = _values(worth.get("values", {}), "/buyer/worth/values")
        return {"buyer": name, "base": base, "values": values, "offers": offers}

    def body(self) -> dict[str, Any]:
        """Sellers and their offers sorted by id."""
        values = {name: dict(sorted(own.items())) for name, own in sorted(self.values.items())}
        bids = [
            {"agent": name, "offers": [o.to_dict() for o in sorted(self.offers[name], key=lambda offer: offer.id)]}
            for name in sorted(self.offers)
        ]
        return {"buyer": {"agent": self.buyer, "worth": {"base": self.base, "values": values}}, "bids": bids}

    def agents(self) -> list[str]:
        """The buyer and the sellers, sorted."""
        return sorted([self.buyer, *self.offers])

    def worth(self, offer: Offer) -> int | None:
        """What the offer is worth to the buyer in units; None where a value is refused. What is not named counts 0."""
        total = self.base
        for name, own in self.values.items():
            if name in offer.attributes:
                units = own.get(written(offer.attributes[name]), 0)
                if units is None:
                    return None
                total += units
        return total

    def told(self, outcome: Any, agent: str) -> list[str]:
        """Which offer was taken, and what is paid for it; no other seller's ask appears."""
        award = outcome.award_of(agent)
        if award is None:
            return ["No offer was taken." if outcome.status == "no_trade" else "Another offer was taken."]
        amount = abs(outcome.payments[agent])
        words = str(amount) if self.currency is None else in_words(amount, self.currency, self.exponent or 0)
        name = next(iter(award.bundle))
        return [f"Offer {name} was taken. You {'pay' if agent == self.buyer else 'receive'} {words}."]


def written(value: Value) -> str:
    """An attribute's value as the key under which its worth stands: true, false, or its digits."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(data: Any, pointer: str) -> dict[str, dict[str, int | None]]:
    found = read_object(data, pointer, (), data if isinstance(data, dict) else ())
    values: dict[str, dict[str, int | None]] = {}
    for name, own in found.items():
        at = f"{pointer}/{escape(read_id(name, pointer))}"
        own = read_object(own, at, (), own if isinstance(own, dict) else ())
        values[name] = {
            value: None if units is None else read_int(units, f"{at}/{escape(value)}", -LARGEST, LARGEST)
            for value, units in own.items()
        }
    return values


def _offers(data: Any, pointer: str) -> tuple[Offer, ...]:
    offers: dict[str, Offer] = {}
    for index, item in enumerate(read_list(data, pointer)):
        at = f"{pointer}/{index}"
        item = read_object(item, at, ("id", "ask"), ("attributes",))
        name = read_id(item["id"], f"{at}/id")
        if name in offers:
            raise ProblemError("duplicate_id", f"the offer {name!r} is made twice", f"{at}/id")
        attributes = item.get("attributes", {})
        attributes = read_object(attributes, f"{at}/attributes", (), attributes if isinstance(attributes, dict) else ())
        for key, value in attributes.items():
            if not isinstance(value, str | int):
                raise ProblemError(
                    "invalid_value", "text, a whole number, true or false", f"{at}/attributes/{escape(key)}"
                )
        offers[name] = Offer(name, attributes, read_int(item["ask"], f"{at}/ask", 0, LARGEST))
    return tuple(offers.values())
