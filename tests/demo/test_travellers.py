"""The scene's real input: the published fit is reproduced, everybody's worth is the same integer everywhere."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mechanisms
from marketplace.demo.choices import GUILDERS_PER_EURO, TRAIN, panel_of, read_choices
from marketplace.demo.travellers import LOT, RAILWAY, ceiling, summary, survey, upgrade_orders
from marketplace.demo.worth import comfort_in_eur, fitted, individual_fit, pooled_fit

ROOT = Path(__file__).parents[2]
DATA = ROOT / "marketplace/demo/data"


@pytest.fixture(scope="module")
def choices():
    return read_choices()


@pytest.fixture(scope="module")
def tastes(choices):
    return fitted(choices)[1]


def worths() -> list[int]:
    return [one.worth for one in survey().travellers]


def test_the_survey_is_shipped_unchanged_with_its_licence():
    digest = hashlib.sha256(TRAIN.read_bytes()).hexdigest()
    assert digest == "8ea13cbcb8ef574b9a3bc7f5dc941039f07c438a2776cec66b29876d330cc8b0"
    for folder in DATA.iterdir():
        assert "MIT" in (folder / "NOTICE.md").read_text()
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text()


def test_the_published_pooled_fit_is_reproduced(choices):
    """The publication scales prices by 2.20371 / 100 (multiplied, where EUR divide): a unit of its own, not money."""
    cents_of_guilders = choices.gaps[:, 0] * 100 * GUILDERS_PER_EURO
    published = np.column_stack([cents_of_guilders * GUILDERS_PER_EURO / 100, choices.gaps[:, 1:]])
    coefficients, likelihood = pooled_fit(published)
    assert coefficients == pytest.approx([-0.067358, -1.720552, -0.326341, -0.945726], abs=1e-6)
    assert likelihood == pytest.approx(-1724.150, abs=1e-3)
    assert len(choices.person) == 2929


def test_comfort_is_worth_2_89_to_the_typical_traveller(choices):
    """2.89 EUR is the ratio of the pooled coefficients; the median of the individuals is a little lower."""
    coefficients, _ = pooled_fit(choices.gaps)
    assert coefficients[3] / coefficients[0] == pytest.approx(2.89, abs=0.005)
    assert survey().pooled_eur == pytest.approx(2.89, abs=0.005)
    assert np.median(worths()) == 256
    assert "235 travellers, 2,929 choices. One class of comfort is worth 2.89 EUR" in summary()


def test_the_prior_is_the_one_that_makes_the_data_most_likely(choices):
    scale, best = fitted(choices)
    coefficients, _ = pooled_fit(choices.gaps)
    panel, centre = panel_of(choices), np.log(-coefficients)
    assert scale == 1.0
    assert best.evidence == pytest.approx(-1466.126, abs=1e-3)
    for other in (0.6, 0.9, 1.1, 1.4):
        assert individual_fit(panel, centre, other).evidence < best.evidence - 1
    # As people are allowed to differ less, everybody becomes the typical traveller.
    assert comfort_in_eur(individual_fit(panel, centre, 0.001)) == pytest.approx(2.89, abs=0.01)


def test_each_estimate_is_a_mode_that_no_small_step_improves(choices, tastes):
    assert tastes.slope < 1e-9
    panel = panel_of(choices)
    centre = np.log(-pooled_fit(choices.gaps)[0])
    rng = np.random.default_rng(5)

    def objective(logs: np.ndarray) -> np.ndarray:
        utility = np.einsum("pka,pa->pk", panel.gaps, -np.exp(logs))
        return (np.log(1 / (1 + np.exp(-utility))) * panel.there).sum(1) - ((logs - centre) ** 2).sum(1) / 2

    best = objective(tastes.logs)
    for _ in range(50):
        assert (objective(tastes.logs + rng.normal(0, 0.2, tastes.logs.shape)) < best).all()


def test_everybodys_worth_is_a_bounded_whole_number_of_cents(choices):
    everybody = survey().travellers
    assert [one.person for one in everybody] == list(range(1, 236))
    assert sum(one.choices for one in everybody) == 2929
    assert all(type(one.worth) is int for one in everybody)
    assert ceiling(choices) == 2836  # 62.50 guilders, the widest gap between two fares
    assert (min(worths()), max(worths())) == (35, 2836)
    assert worths().count(2836) == 4
    assert np.percentile(worths(), [25, 75]).tolist() == [96, 582.5]


def test_nobodys_worth_is_so_near_half_a_cent_that_rounding_could_differ(tastes):
    """Linear algebra libraries differ by some 1e-12 of a worth; the nearest is 1e-5 cents from the edge."""
    cents = 100 * comfort_in_eur(tastes)
    assert np.abs(cents % 1 - 0.5).min() > 5e-6


@pytest.mark.parametrize("core", ["Prescott", "Haswell"])
def test_the_script_prints_the_same_bytes_whatever_the_library_does(core):
    environment = os.environ | {"OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": "3", "PYTHONHASHSEED": "77"}
    command = [sys.executable, "-m", "marketplace.demo.travellers"]
    printed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True).stdout
    lines = printed.splitlines()
    assert lines[0].split() == ["traveller", "choices", "worth", "in", "EUR"]
    assert [line.split()[2] for line in lines[1:236]] == [f"{worth / 100:.2f}" for worth in worths()]
    assert lines[236:] == ["", summary()]
    assert hashlib.sha256(printed.encode()).hexdigest()[:16] == "a4a26d7620a23558"


def test_the_orders_cross_inside_the_railways_supply():
    orders = upgrade_orders()
    assert len({order["agent"] for order in orders}) == len(orders) == 236
    assert orders[0] == {"agent": "traveller-001", "steps": [{"lot": "seat", "quantity": 1, "price": 522}]}
    assert orders[-1]["agent"] == RAILWAY
    offered = [-step["quantity"] for step in orders[-1]["steps"]]
    asks = [step["price"] for step in orders[-1]["steps"]]
    assert sum(offered) == 60
    assert asks == sorted(asks)
    demand, supply = sorted(worths(), reverse=True), np.repeat(asks, offered)
    assert sum(demand[seat] >= supply[seat] for seat in range(60)) == 50
    # Seat 50 finds a buyer at 7.47 and costs 7.00; the next buyer bids 7.08, the next seat costs 8.50.
    assert (demand[49], supply[49], demand[50], supply[50]) == (747, 700, 708, 850)


def test_the_upgrade_scene_clears_fifty_seats_at_7_27():
    scene = {"mechanism": "double_auction", "currency": "EUR", "exponent": 2, "lots": [{"id": LOT}]}
    outcome = mechanisms.run("double_auction", scene | {"bids": upgrade_orders()}, {"k": "0.5"}, "00")
    assert (outcome.status, outcome.prices) == ("cleared", {LOT: 727})
    winners = [award.agent for award in outcome.awards if award.agent != RAILWAY]
    assert len(winners) == 50
    assert outcome.payments[RAILWAY] == -50 * 727
    assert outcome.welfare == 47_955
    assert set(winners) == {one.agent for one in survey().travellers if one.worth > 727}
