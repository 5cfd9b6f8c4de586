"""Markets in which a buyer asks and sellers offer: what they start from, and what may be configured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.agents.models import Agent
from marketplace.core.refusals import wrong_field
from marketplace.markets.catalogue import find_rule
from marketplace.markets.models import Lot, Market
from marketplace.markets.turns import Stated
from marketplace.preferences.categories import stated_categories

SCORING = "scoring"
NOBODY = "nobody"  # stands for a buyer that has not said what it is worth
NOTHING: Mapping[str, Any] = {"worth": {"base": -1}}  # to whom no offer is worth anything


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


def asked_of(lot: Lot) -> Asked:
    """The same of a request's one lot."""
    return asked_by(lot.category, lot.buyer_id or 0)


def buyer_of(market: Market) -> Agent | None:
    """Who asks, where somebody does."""
    return market.lots.select_related("buyer").get().buyer if asks(market.mechanism) else None


def check_request(config: Any) -> None:
    """Refuse what a request cannot have, and a buyer where nobody asks."""
    if not asks(config.mechanism):
        for index, lot in enumerate(config.lots):
            if lot.buyer is not None:
                raise wrong_field("buyer_misplaced", "Only a request has a buyer.", f"/lots/{index}/buyer")
        return
    if len(config.lots) != 1:
        raise wrong_field("lots_out_of_bounds", "A request asks for one thing: one lot says what.", "/lots")
    lot = config.lots[0]
    if lot.buyer is None:
        raise wrong_field("buyer_missing", "A request has a buyer, who asks.", "/lots/0/buyer")
    if lot.seller is not None or lot.reserve or lot.supply not in (None, 1):
        detail = "Sellers say what they ask: a request's lot has no seller, no reserve and no supply."
        raise wrong_field("seller_misplaced", detail, "/lots/0")
    if config.accept_within_s:
        raise wrong_field("acceptance_out_of_bounds", "Who offers has accepted.", "/accept_within_s")
    if config.on_default == Market.OnDefault.NEXT_BEST:
        detail = "The one who pays is the one who asks: on_default is void or deposit."
        raise wrong_field("on_default_misplaced", detail, "/on_default")
