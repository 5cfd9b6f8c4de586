"""Numbers that others published, which these rules must reproduce; the run ends with how many were run and skipped."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from making import atom, exchange, problem, steps

from mechanisms import Problem, run
from mechanisms.check import verify
from mechanisms.readers import read_omie

HERE = Path(__file__).parent / "data" / "worked-examples"
OMIE = Path(__file__).parents[2] / "marketplace/demo/data/omie-2009-01-02-hour1/OfferAndDemandCurve_1_20090102.TXT"

# Every example of the folder: the rules that compute it here, or why it is not computed here.
# Of `pymarket-3x3`, `max_traded_volume` is no rule's outcome: it counts trades that nobody would pick together.
ELSEWHERE = {
    "alternating_offers": "test_haggling.py computes it",
    "core_selecting": "test_known_bundles.py computes it",
    "vcg_combinatorial": "test_known_bundles.py computes it",
}
HERE_COMPUTED = {
    "single_item": ["sp-3-bids", "sp-tie", "sp-single-bid", "gsp-eos-truthful", "vcg-position-eos"],
    "multi_unit": ["mu-a", "mu-b"],
    "double_auction": [
        "mcafee-9-8_4-3",
        "mcafee-9-4_3-8",
        "mcafee-one-pair",
        "mcafee-5x5",
        "pymarket-6x5-equilibrium",
        "pymarket-6x5-huang",
        "pymarket-3x3",
    ],
}


def examples(name: str) -> dict[str, dict]:
    return {entry["id"]: entry for entry in json.loads((HERE / f"{name}.json").read_text())}


def cleared(given: Problem):
    outcome = run(given.mechanism, given)
    assert verify(given, outcome) == []
    return outcome


@pytest.mark.known_answers(0)
def test_every_worked_example_is_run_or_named():
    files = {path.stem for path in HERE.glob("*.json")} - {"bargaining", "claims"}  # tests/mechanisms/test_bargaining_*
    files -= set(ELSEWHERE)
    assert files == set(HERE_COMPUTED)
    for name, ids in HERE_COMPUTED.items():
        assert set(examples(name)) == set(ids)
    data = os.environ.get("WALRAS_DATA")
    if data:
        assert {path.stem for path in Path(data, "worked-examples").glob("*.json")} == {
            *HERE_COMPUTED,
            *ELSEWHERE,
            "bargaining",
            "claims",
        }


@pytest.mark.known_answers
@pytest.mark.parametrize("name", ["sp-3-bids", "sp-tie", "sp-single-bid"])
def test_second_price(name):
    example = examples("single_item")[name]
    outcome = cleared(problem("second_price", [atom(agent, bid) for agent, bid in example["bids"].items()]))
    winner = outcome.awards[0].agent
    assert winner in example["winner"] if name != "sp-tie" else example["bids"][winner] == 10
    assert outcome.payments[winner] == example["payment"]


def slots(mechanism: str, example: dict):
    values, clicks = example["values_per_click"], list(example["clicks"].values())
    bids = [steps(agent, (1, value)) for agent, value in values.items()]
    lots = [{"id": "X", "supply": len(clicks), "seller": "s"}]
    return cleared(problem(mechanism, bids, lots=lots, params={"clicks": clicks}))


@pytest.mark.known_answers(2)
def test_positions_of_edelman_ostrovsky_and_schwarz():
    gsp, vcg = examples("single_item")["gsp-eos-truthful"], examples("single_item")["vcg-position-eos"]
    outcome = slots("gsp", gsp)
    assert (outcome.payments, outcome.revenue) == ({**gsp["payments_total"], "3": 0}, gsp["revenue"])
    outcome = slots("position_vcg", vcg)
    assert (outcome.payments, outcome.revenue) == ({**vcg["payments_total"], "3": 0}, vcg["revenue"])
    assert outcome.welfare == vcg["efficient_value"]
    assert [(award.agent, award.position) for award in outcome.awards] == [("1", 1), ("2", 2)]


@pytest.mark.known_answers(3)
@pytest.mark.parametrize("name", ["mu-a", "mu-b"])
@pytest.mark.parametrize("rationing", ["lottery", "pro_rata"])
def test_three_units_three_ways(name, rationing):
    example = examples("multi_unit")[name]
    bids = [steps(a, *[(1, round(v * 100)) for v in values]) for a, values in example["bids"].items()]
    lots = [{"id": "X", "supply": example["units"], "seller": "s"}]
    for mechanism, column in (
        ("pay_as_bid", "discriminatory"),
        ("uniform_price", "uniform_first_rejected"),
        ("multi_unit_vickrey", "vickrey"),
    ):
        params = {} if mechanism == "multi_unit_vickrey" else {"rationing": rationing}
        outcome = cleared(problem(mechanism, bids, lots=lots, params=params))
        won = {award.agent: award.bundle["X"] for award in outcome.awards}
        assert {agent: won.get(agent, 0) for agent in example["won"]} == example["won"]
        assert outcome.payments == {agent: round(paid * 100) for agent, paid in example[column].items()}


@pytest.mark.known_answers
@pytest.mark.parametrize("name", ["mcafee-9-8_4-3", "mcafee-9-4_3-8", "mcafee-one-pair", "mcafee-5x5"])
def test_mcafee(name):
    example = examples("double_auction")[name]
    buys = [(1, price * 10) for price in example["buyers"]]
    sells = [(1, price * 10) for price in example["sellers_cost"]]
    outcome = cleared(exchange(buys, sells, mechanism="trade_reduction"))
    trades = sum(award.bundle["X"] == 1 for award in outcome.awards)
    assert trades == example["trades"]
    if trades:
        paid = {amount for amount in outcome.payments.values() if amount > 0}
        received = {-amount for amount in outcome.payments.values() if amount < 0}
        assert (paid, received) == ({example["buyer_pays"] * 10}, {example["seller_gets"] * 10})
        assert outcome.revenue == trades * (example["buyer_pays"] - example["seller_gets"]) * 10


def pymarket(name: str, scale: int, **more):
    example = examples("double_auction")[name]
    bids = [steps(str(user), (quantity * scale, round(price * 10))) for quantity, price, user in example["buy"]]
    bids += [steps(str(user), (-quantity * scale, round(price * 10))) for quantity, price, user in example["sell"]]
    return example, problem(more.pop("mechanism", "double_auction"), bids, **more)


@pytest.mark.known_answers(2)
def test_pymarket_s_equilibria():
    example, given = pymarket("pymarket-6x5-equilibrium", 1)
    outcome = cleared(given)
    assert outcome.certificate["lots"]["X"] == {"quantity": example["equilibrium_quantity"], "low": 40, "high": 60}
    assert outcome.prices["X"] == example["equilibrium_price"] * 10
    example, given = pymarket("pymarket-3x3", 1)
    outcome = cleared(given)
    assert outcome.certificate["lots"]["X"]["quantity"] == example["equilibrium_quantity"]
    # Any price in [2, 3] clears: the publisher takes the marginal offer's 2, which is k = 0.
    assert run("double_auction", given, {"k": 0}).prices["X"] == example["equilibrium_price"] * 10
    assert outcome.welfare == example["max_aggregate_utility"] * 10


@pytest.mark.known_answers
def test_huang_in_tenths():
    _, given = pymarket("pymarket-6x5-equilibrium", 10, mechanism="trade_reduction", params={"variant": "huang"})
    example = examples("double_auction")["pymarket-6x5-huang"]
    outcome = cleared(given)
    stated = outcome.certificate["lots"]["X"]
    assert (stated["buyer_price"], stated["seller_price"]) == (example["buy_price"] * 10, example["sell_price"] * 10)
    values = {award.agent: award.value for award in outcome.awards}
    profits = {agent: values.get(agent, 0) - paid for agent, paid in outcome.payments.items()}
    assert profits == {agent: round(profit * 100) for agent, profit in example["profit_per_user"].items()}
    assert outcome.revenue == example["market_maker_profit"] * 100
    best = run("double_auction", given, {})
    assert round(float(Fraction(sum(profits.values()), best.welfare)), 4) == example["share_of_max_welfare"]
    share = Fraction(outcome.certificate["lots"]["X"]["quantity"], best.certificate["lots"]["X"]["quantity"])
    assert round(float(share), 4) == example["share_of_max_quantity"]


@pytest.mark.known_answers(2)
def test_the_iberian_book_both_ways():
    offered = cleared(Problem.from_json(read_omie(OMIE)))
    bought = sum(max(0, award.bundle["energy"]) for award in offered.awards)
    assert (bought, offered.prices["energy"]) == (253_471, 4994)
    assert sum(paid for paid in offered.payments.values() if paid > 0) == 1_265_834_174
    matched = cleared(Problem.from_json(read_omie(OMIE, orders="matched", k=0)))
    bought = sum(max(0, award.bundle["energy"]) for award in matched.awards)
    assert (bought, matched.prices["energy"]) == (253_121, 5369)


@pytest.mark.known_answers(479)
def test_second_price_on_all_ebay_auctions(data_folder):
    """The runner-up's best bid, or the opening bid; bids under the opening bid do not count."""
    auctions: dict[str, list[dict]] = defaultdict(list)
    with (data_folder / "ebay-cartier-palm" / "bids.csv").open() as file:
        for row in csv.DictReader(file):
            auctions[row["auctionid"]].append(row)
    assert len(auctions) == 479
    alone = 0
    for rows in auctions.values():
        best: dict[str, int] = {}
        for row in rows:
            best[row["bidder"]] = max(best.get(row["bidder"], 0), cents(row["bid"]))
        reserve = max(cents(row["openbid"]) for row in rows)
        lots = [{"id": "X", "reserve": reserve, "seller": "s"}]
        outcome = cleared(problem("second_price", [atom(agent, bid) for agent, bid in best.items()], lots=lots))
        first, *others = sorted(best.values(), reverse=True)
        assert outcome.revenue == (max([reserve, *others[:1]]) if first >= reserve else 0)
        alone += len(best) == 1 and outcome.revenue == reserve
    assert alone == 23


def cents(text: str) -> int:
    return round(Fraction(text) * 100)
