"""From the rows of a closed market to the frozen problem that its rule clears."""

import json
from typing import Any

from marketplace.bidding.models import Bid
from marketplace.markets.models import Market, Round
from marketplace.markets.terms import problem_lots


def build_problem(round_: Round) -> dict[str, Any]:
    """The problem of a round: every accepted bid, under its participation's name, sorted by that name."""
    market = round_.market
    bids = Bid.objects.filter(market=market, status=Bid.Status.ACCEPTED).select_related("participation")
    return {
        "mechanism": market.mechanism,
        "params": _by_participation(market),
        "seed": market.seed,
        "currency": market.currency,
        "exponent": market.exponent,
        "lots": problem_lots(market),
        "bids": [
            {"agent": bid.participation.ref} | json.loads(bytes(bid.content))
            for bid in bids.order_by("participation__ref")
        ],
    }


def _by_participation(market: Market) -> dict[str, Any]:
    """The params; `quality`, which operators state by agent, by the names that the agents have in this problem."""
    params = dict(market.params)
    if "quality" in params:
        names = market.participations.exclude(state="refused").values_list("agent__ref", "ref")
        params["quality"] = {ref: params["quality"][agent] for agent, ref in names if agent in params["quality"]}
    return params
