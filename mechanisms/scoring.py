"""A buyer's request and the offers on it: attributes, asks, and what each offer is worth to the buyer."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from mechanisms.bids import Lot
from mechanisms.cases import Case
from mechanisms.decimals import LARGEST
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_list, read_object
from mechanisms.money import in_words
from mechanisms.types import Outcome

__all__ = ["Offer", "Outcome", "Request"]

MOST_OFFERS = 100_000
Value = Any  # text, a whole number, true or false; what the category takes where there is one


class Offer(Struct, frozen=True):
    """One thing that a seller would deliver, and what it asks for it in units."""

    id: str
    attributes: dict[str, Value]
    ask: int

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"id": self.id, "attributes": dict(sorted(self.attributes.items())), "ask": self.ask}


class Request(Case, frozen=True, kw_only=True):
    """A buyer with its sealed worth, and offers by seller.

    The worth is a base and units for each value of each attribute; or, where the buyer names a category, what is
    `stated` in the language of preferences (`must` and `worth`, read as `item`), to which `base` is added.
    """

    REQUIRED: ClassVar[tuple[str, ...]] = ("buyer", "bids")
    OPTIONAL: ClassVar[tuple[str, ...]] = ("categories",)

    buyer: str
    base: int
    values: dict[str, dict[str, int | None]]
    offers: dict[str, tuple[Offer, ...]]
    stated: dict[str, Any] = {}
    item: Any = None
    categories: dict[str, Any] = {}

    @classmethod
    def read_body(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Whole units everywhere; null units refuse a value."""
        buyer = read_object(data["buyer"], "/buyer", ("agent", "worth"), ("category", "must"))
        name = read_id(buyer["agent"], "/buyer/agent")
        worth = _worth(buyer, data.get("categories", {}))
        offers: dict[str, tuple[Offer, ...]] = {}
        for index, bid in enumerate(read_list(data["bids"], "/bids")):
            bid = read_object(bid, f"/bids/{index}", ("agent", "offers"))
            agent = read_id(bid["agent"], f"/bids/{index}/agent")
            if agent in offers or agent == name:
                raise ProblemError("duplicate_agent", f"{agent!r} is in this request already", f"/bids/{index}/agent")
            offers[agent] = _offers(bid["offers"], f"/bids/{index}/offers", worth.get("item"))
        if sum(map(len, offers.values())) > MOST_OFFERS:
            raise ProblemError("too_many_bids", f"at most {MOST_OFFERS} offers", "/bids")
        return {"buyer": name, "offers": offers, **worth}

    def body(self) -> dict[str, Any]:
        """Sellers and their offers sorted by id."""
        bids = [
            {"agent": name, "offers": [o.to_dict() for o in sorted(self.offers[name], key=lambda offer: offer.id)]}
            for name in sorted(self.offers)
        ]
        return {"buyer": {"agent": self.buyer, **self._stated()}, "bids": bids, **self._categories()}

    def _stated(self) -> dict[str, Any]:
        if self.item is None:
            values = {name: dict(sorted(own.items())) for name, own in sorted(self.values.items())}
            return {"worth": {"base": self.base, "values": values}}
        worth = self.stated["worth"]
        worth = {"base": worth} if isinstance(worth, int) else worth
        return self.stated | {"worth": {**worth, "base": worth.get("base", 0) + self.base}}

    def _categories(self) -> dict[str, Any]:
        return {"categories": self.categories} if self.categories else {}

    def agents(self) -> list[str]:
        """The buyer and the sellers, sorted."""
        return sorted([self.buyer, *self.offers])

    def worth(self, offer: Offer) -> int | None:
        """What the offer is worth to the buyer in units; None where a value is refused. What is not named counts 0."""
        if self.item is not None:
            judged = _judged(self.item, offer)
            return None if judged is None else self.base + judged
        total = self.base
        for name, own in self.values.items():
            if name in offer.attributes:
                units = own.get(written(offer.attributes[name]), 0)
                if units is None:
                    return None
                total += units
        return total

    def most(self) -> int:
        """The most that any offer could be worth to the buyer, and so that it could be charged."""
        if self.item is not None:
            return self.base + int(self.item.worth.most())
        return self.base + sum(max(0, *(units or 0 for units in own.values()), 0) for own in self.values.values())

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


def _worth(buyer: dict[str, Any], categories: Any) -> dict[str, Any]:
    """The buyer's worth, as a Request holds it."""
    if "category" not in buyer:
        worth = read_object(buyer["worth"], "/buyer/worth", ("base",), ("values",))
        base = read_int(worth["base"], "/buyer/worth/base", -LARGEST, LARGEST)
        if "must" in buyer:
            raise ProblemError("missing_field", "expected a category, whose attributes `must` names", "/buyer/category")
        return {"base": base, "values": _values(worth.get("values", {}), "/buyer/worth/values")}
    from mechanisms.preferences.categories import read_categories  # noqa: PLC0415 - only for who states one
    from mechanisms.preferences.wants import read_item  # noqa: PLC0415

    stated = {name: part for name, part in buyer.items() if name != "agent"}
    item = read_item("request", stated, read_categories(categories), "/buyer")
    return {"base": 0, "values": {}, "stated": stated, "item": item, "categories": dict(categories)}


def _judged(item: Any, offer: Offer) -> int | None:
    """What the preference says of the offer's attributes."""
    from mechanisms.preferences.judging import judge_item  # noqa: PLC0415 - only for who states one
    from mechanisms.preferences.tables import Table  # noqa: PLC0415

    row = item.category.read_lot(offer.attributes)
    judged = judge_item(item, Table(item.category, [Lot(id=offer.id)], [row]))
    return int(judged.worth[0]) if len(judged.admitted) else None


def _offers(data: Any, pointer: str, wanted: Any = None) -> tuple[Offer, ...]:
    offers: dict[str, Offer] = {}
    for index, item in enumerate(read_list(data, pointer)):
        at = f"{pointer}/{index}"
        item = read_object(item, at, ("id", "ask"), ("attributes",))
        name = read_id(item["id"], f"{at}/id")
        if name in offers:
            raise ProblemError("duplicate_id", f"the offer {name!r} is made twice", f"{at}/id")
        attributes = item.get("attributes", {})
        attributes = read_object(attributes, f"{at}/attributes", (), attributes if isinstance(attributes, dict) else ())
        if wanted is not None:
            wanted.category.read_lot(attributes, f"{at}/attributes")
        for key, value in attributes.items():
            if wanted is None and not isinstance(value, str | int):
                raise ProblemError(
                    "invalid_value", "text, a whole number, true or false", f"{at}/attributes/{escape(key)}"
                )
        offers[name] = Offer(name, attributes, read_int(item["ask"], f"{at}/ask", 0, LARGEST))
    return tuple(offers.values())
