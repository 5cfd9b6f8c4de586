"""What each offer of a scoring auction is worth to the buyer, recomputed from its attributes."""

from __future__ import annotations

from mechanisms.bids import Lot
from mechanisms.preferences import preview, read_categories, read_preference
from mechanisms.scoring import Offer, Request
from mechanisms.types import Outcome


def scores(problem: Request) -> list[tuple[int, str, str, int]]:
    """(score, seller, offer, worth) of every offer that the buyer would take, recomputed from its attributes."""
    found = []
    for seller, offers in problem.offers.items():
        for offer in offers:
            if problem.item is not None:
                found += stated(problem, seller, offer)
                continue
            keys = {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in offer.attributes.items()}
            units = [own.get(keys[name], 0) for name, own in problem.values.items() if name in keys]
            if None not in units:
                worth = problem.base + sum(unit for unit in units if unit is not None)
                found.append((worth - offer.ask, seller, offer.id, worth))
    return found


def stated(problem: Request, seller: str, offer: Offer) -> list[tuple[int, str, str, int]]:
    """The same where the worth is stated in the language of preferences: as a preview judges a lot like the offer."""
    lot = Lot(id=offer.id, category=problem.item.category.name, attributes=offer.attributes)
    item = {name: part for name, part in problem.body()["buyer"].items() if name != "agent"}
    wanted = {"version": 1, "currency": "XXX", "exponent": 0, "items": {"it": item}}
    known = read_categories(problem.categories)
    seen = preview(read_preference(wanted, known), [lot], currency="XXX", exponent=0, categories=known)
    rows = seen.told()["items"]["it"]["qualify"]
    return [(row["worth"] - offer.ask, seller, offer.id, row["worth"]) for row in rows]


def winner(problem: Request, outcome: Outcome) -> tuple[int, str, str, int] | None:
    """The scored offer that both awards name."""
    sold = [(award.agent, name) for award in outcome.awards for name, units in award.bundle.items() if units == -1]
    return next((entry for entry in scores(problem) if [(entry[1], entry[2])] == sold), None)
