"""Markets in which a buyer asks and sellers offer: what they start from, and what may be configured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from marketplace.agents.models import Agent
from marketplace.core.refusals import Refusal
from marketplace.markets.catalogue import find_rule
from marketplace.markets.models import Lot, Market
from marketplace.preferences.categories import stated_categories

SCORING = "scoring"
NOBODY = "nobody"  # stands for a buyer that has not said what it is worth
NOTHING: Mapping[str, Any] = {"worth": {"base": -1}}  # to whom no offer is worth anything


class Stated(Protocol):
    """What a market or its configuration says of its rule."""

    @property
    def mechanism(self) -> str: ...
    @property
    def params(self) -> Any: ...
    @property
    def currency(self) -> str: ...
    @property
    def exponent(self) -> int: ...


def asks(mechanism: str) -> bool:
    """Whether sellers offer by it, and a buyer's sealed worth decides."""
    found = find_rule(mechanism)
    return found is not None and found.kind == SCORING


@dataclass(frozen=True)
class Asked:
    """What a request has fixed: who asks, and the category that worth and offers speak of, if any."""

    buyer_id: int
    category: str | None = None
    categories: Mapping[str, Any] | None = None

    def problem(
        self,
        stated: Stated,
        buyer: str = NOBODY,
        said: Mapping[str, Any] = NOTHING,
        bids: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """A problem of this request: what its buyer said, and what sellers offer."""
        who = {"agent": buyer, **said} | ({"category": self.category} if self.category else {})
        own = {"categories": dict(self.categories)} if self.categories else {}
        head = {"mechanism": stated.mechanism, "currency": stated.currency, "exponent": stated.exponent}
        return {**head, "params": dict(stated.params), "buyer": who, "bids": list(bids), **own}


def asked_by(category: str | None, buyer_id: int = 0) -> Asked:
    """What a request for a lot of this category has fixed; reads the category's schema."""
    return Asked(buyer_id, category or None, stated_categories([category]) if category else None)


def asked_in(market: Market) -> Asked:
    """The same of a market."""
    lot = market.lots.get()
    return asked_by(lot.category, lot.buyer_id or 0)


def asked_of_lots(mechanism: str, lots: Sequence[Lot]) -> Asked | None:
    """The same of a market's lots; None where nobody asks."""
    return asked_by(lots[0].category, lots[0].buyer_id or 0) if asks(mechanism) else None


def buyer_of(market: Market) -> Agent | None:
    """Who asks, where somebody does."""
    lot = market.lots.exclude(buyer=None).select_related("buyer").first()
    return lot.buyer if lot else None


def check_request(config: Any) -> None:
    """Refuse what a request cannot have, and a buyer where nobody asks."""
    if not asks(config.mechanism):
        for index, lot in enumerate(config.lots):
            if lot.buyer is not None:
                raise _refused("buyer_misplaced", "Only a request has a buyer.", f"/lots/{index}/buyer")
        return
    if len(config.lots) != 1:
        raise _refused("lots_out_of_bounds", "A request asks for one thing: one lot says what.", "/lots")
    lot = config.lots[0]
    if lot.buyer is None:
        raise _refused("buyer_missing", "A request has a buyer, who asks.", "/lots/0/buyer")
    if lot.seller is not None or lot.reserve or lot.supply not in (None, 1):
        detail = "Sellers say what they ask: a request's lot has no seller, no reserve and no supply."
        raise _refused("seller_misplaced", detail, "/lots/0")
    if config.accept_within_s:
        raise _refused("acceptance_out_of_bounds", "Who offers has accepted.", "/accept_within_s")
    if config.on_default == Market.OnDefault.NEXT_BEST:
        detail = "The one who pays is the one who asks: on_default is void or deposit."
        raise _refused("on_default_misplaced", detail, "/on_default")


def _refused(code: str, detail: str, pointer: str) -> Refusal:
    return Refusal(422, code, detail, "Correct the field and send it again.", pointer)
