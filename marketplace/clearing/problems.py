"""From the rows of a closed market to the frozen problem that its rule clears."""

from collections.abc import Sequence
from typing import Any

from marketplace.bidding.inclusion import publish_root
from marketplace.bidding.models import Participation
from marketplace.clearing.release import OpenedBid
from marketplace.markets.models import Market, Round
from marketplace.markets.requests import asked_of, asks
from marketplace.markets.terms import problem_terms
from mechanisms.check.cutting_out import without_lots
from mechanisms.check.receipts import tie_seed_of
from mechanisms.kinds import read_problem


def build_problem(market: Market, bids: Sequence[OpenedBid], gone: Sequence[str] = ()) -> dict[str, Any]:
    """The problem of a closed market: its released bids, under their participations' names, sorted by those.

    Ties go by the seed committed to at the opening, together with all receipts. `gone` names lots that are not sold
    any more; what a bid offers for one of them is left out.
    """
    if asks(market.mechanism):
        return _request(market, bids)
    problem = problem_terms(market) | {
        "params": _by_participation(market),
        "seed": tie_seed_of(market.receipts_root, market.seed),
        "bids": [bid.stated() for bid in bids],
    }
    return without_lots(problem, gone)


def _request(market: Market, bids: Sequence[OpenedBid]) -> dict[str, Any]:
    """A request with its offers; of a buyer that has said nothing, one to whom nothing is worth anything."""
    asked = asked_of(market.lots.get())
    rows = Participation.objects.filter(market=market, agent_id=asked.buyer_id, state=Participation.State.ACTIVE)
    own = set(rows.values_list("ref", flat=True))
    offered = [bid.stated() for bid in bids if bid.participation not in own]
    seed = {"seed": tie_seed_of(market.receipts_root, market.seed)}
    for bid in bids:
        if bid.participation in own:
            said = {name: part for name, part in bid.stated().items() if name != "agent"}
            return asked.problem(market, bid.participation, said, offered) | seed
    return asked.problem(market, bids=offered) | seed


def played_problem(round_: Round) -> Any:
    """The problem of a market of turns with every move, frozen when the last one was made; a later round has the same.

    Its receipts are published like those of bids, before anything is decided on it.
    """
    publish_root(market=round_.market)
    round_.market.refresh_from_db()
    first = round_.market.rounds.exclude(problem="").earliest("n")
    return read_problem(first.problem)


def _by_participation(market: Market) -> dict[str, Any]:
    """The params; `quality`, which operators state by agent, by the names that the agents have in this problem."""
    params = dict(market.params)
    if "quality" in params:
        names = market.participations.exclude(state="refused").values_list("agent__ref", "ref")
        params["quality"] = {ref: params["quality"][agent] for agent, ref in names if agent in params["quality"]}
    return params
