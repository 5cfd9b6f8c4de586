"""Published outcomes as problems and outcomes: FCC Auction 901, eBay's Cartier and Palm, Treasury's of 2022."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from msgspec.structs import replace

from mechanisms.digest import digest_of
from mechanisms.registry import get
from mechanisms.types import Award, Charge, Outcome, Problem

AT = datetime(2022, 5, 16, tzinfo=UTC)


def cents(text: str, places: int = 2) -> int:
    """Dollars as cents, or as other whole decimals, exactly."""
    whole, _, part = text.partition(".")
    return int(whole) * 10**places + int(part.ljust(places, "0")[:places] or 0)


def fcc(data: Path) -> dict[str, Any]:
    """The 795 winning bids as a problem of pay as bid in which the FCC buys; who bid is who won."""
    with (data / "fcc-auction-901/auction901-results.csv").open() as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    lots, bids = [], defaultdict(list)
    for row in rows:
        amount = cents(row["total_bid_amount"])
        attributes = {name: row[name] for name in ("state", "county", "geo_id", "road_miles")}
        lots.append({"id": row["itemname"], "reserve": amount, "buyer": "FCC", "attributes": attributes})
        bids[row["bid"]].append({"lot": row["itemname"], "quantity": -1, "price": amount})
    head = {"mechanism": "pay_as_bid", "params": {"direction": "buy"}, "currency": "USD", "exponent": 2}
    return {**head, "lots": lots, "bids": [{"agent": name, "steps": steps} for name, steps in bids.items()]}


def recorded(problem: Problem, awards: dict[str, tuple[dict[str, int], int, int]], prices: dict[str, int]) -> Outcome:
    """An outcome that others published, of (bundle, reported value, payment) by agent."""
    payments = {bid.agent: 0 for bid in problem.bids} | {name: paid for name, (_, _, paid) in awards.items()}
    kept = sum(lot.reserve * sum(bundle.get(lot.id, 0) for bundle, _, _ in awards.values()) for lot in problem.lots)
    outcome = Outcome(
        mechanism=problem.mechanism,
        status="cleared",
        awards=tuple(Award(name, awards[name][0], awards[name][1]) for name in sorted(awards)),
        payments=payments,
        charges=tuple(Charge(name, "@market", paid) for name, paid in sorted(payments.items()) if paid),
        prices=prices,
        welfare=sum(value for _, value, _ in awards.values()) - kept,
        revenue=sum(payments.values()),
        certificate={"grade": "recorded"},
        digest="",
    )
    digest = digest_of(problem.to_dict(), get(problem.mechanism).version, outcome.to_dict())
    return replace(outcome, digest=digest)


def ebay(data: Path, item: str) -> tuple[Problem, Outcome]:
    """All auctions of one item: a lot each, everybody's highest bid, the closing price as it was recorded."""
    with (data / "ebay-cartier-palm/bids.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["item"] == item]
    best: dict[str, dict[str, int]] = defaultdict(dict)
    prices = {row["auctionid"]: cents(row["price"]) for row in rows}
    for row in rows:
        own = best[row["auctionid"]]
        own[row["bidder"]] = max(cents(row["bid"]), own.get(row["bidder"], 0))
    bids: dict[str, list[dict[str, Any]]] = defaultdict(list)
    won: dict[str, tuple[dict[str, int], int, int]] = {}
    for lot, own in sorted(best.items()):
        for name, amount in own.items():
            bids[name].append({"lot": lot, "quantity": 1, "price": amount})
        name = max(own, key=lambda one: (own[one], one))
        bundle, value, paid = won.get(name, ({}, 0, 0))
        won[name] = ({**bundle, lot: 1}, value + own[name], paid + prices[lot])
    head = {"mechanism": "uniform_price", "params": {}, "currency": "USD", "exponent": 2}
    stated = [{"agent": name, "steps": steps} for name, steps in bids.items()]
    problem = Problem.from_json({**head, "lots": [{"id": lot} for lot in best], "bids": stated})
    return problem, recorded(problem, won, prices)


KINDS = ("PrimaryDealer", "DirectBidder", "IndirectBidder", "NonCompetitive", "FIMA", "SOMA")


def treasury(data: Path) -> Iterator[tuple[Problem, Outcome]]:
    """Each result: a lot for each kind of bidder, units of 100 USD, the price of 100 in millionths of a dollar."""
    for path in sorted((data / "treasury-single-price-2022/results").glob("*.xml")):
        said = {node.tag.rsplit("}", 1)[-1]: node.text or "" for node in ElementTree.parse(path).iter()}
        price = cents(said["HighPrice"], 6)
        published = {name: said[name] for name in ("CompetitiveAccepted", "TotalAccepted", "BidToCoverRatio")}
        units = {name: (_hundreds(said.get(f"{name}Tendered")), _hundreds(said[f"{name}Accepted"])) for name in KINDS}
        bids = [
            {"agent": name, "steps": [{"lot": name, "quantity": max(pair), "price": price}]}
            for name, pair in units.items()
            if any(pair)
        ]
        lots = [{"id": name, "supply": max(1, pair[1]), "attributes": published} for name, pair in units.items()]
        head = {"mechanism": "uniform_price", "params": {}, "currency": "USD", "exponent": 6}
        problem = Problem.from_json({**head, "lots": lots, "bids": bids})
        won = {name: ({name: got}, got * price, got * price) for name, (_, got) in units.items() if got}
        yield problem, recorded(problem, won, dict.fromkeys(KINDS, price))


def _hundreds(text: str | None) -> int:
    return int(float(text or 0)) // 100
