"""The Iberian book of 2 January 2009, hour 1: read exactly, refused by line, cleared at the known prices."""

from pathlib import Path

import numpy as np
import pytest

import mechanisms
from mechanisms.readers import UnreadableError, parse_omie, read_omie

FILE = Path(__file__).parents[2] / "marketplace/demo/data/omie-2009-01-02-hour1/OfferAndDemandCurve_1_20090102.TXT"
HEAD = FILE.read_text(encoding="iso-8859-1").split("\n")[:3]
ORDER = "1;02/01/2009;MI;;C;3.922,0;18,030;O;"


def book(*lines: str) -> str:
    return "\n".join([*HEAD, *lines, ";;;;;;;;", ""])


def curve(problem: dict, sign: int) -> np.ndarray:
    """One price for every single unit, best first."""
    steps = [step for bid in problem["bids"] for step in bid["steps"] if step["quantity"] * sign > 0]
    prices = np.repeat([step["price"] for step in steps], [abs(step["quantity"]) for step in steps])
    return np.sort(prices)[::-sign]


def crossing(problem: dict) -> tuple[int, int, int]:
    """Quantity and bounds of the price by the definition, unit by unit, with no code of the mechanism."""
    demand, supply = curve(problem, 1), curve(problem, -1)
    short = min(len(demand), len(supply))
    quantity = int((demand[:short] >= supply[:short]).sum())
    low = [supply[quantity - 1], *demand[quantity : quantity + 1]]
    high = [demand[quantity - 1], *supply[quantity : quantity + 1]]
    return quantity, int(max(low)), int(min(high))


def test_every_order_of_the_file_becomes_one_agent():
    offered, matched = read_omie(FILE), read_omie(str(FILE), orders="matched", k=0, seed="0f")
    for problem, buyers, sellers in ((offered, 141, 1100), (matched, 72, 627)):
        agents = [bid["agent"] for bid in problem["bids"]]
        assert agents == [f"buy-{n:04d}" for n in range(1, buyers + 1)] + [
            f"sell-{n:04d}" for n in range(1, sellers + 1)
        ]
    assert offered["bids"][0]["steps"] == [{"lot": "energy", "quantity": 39_220, "price": 18_030}]
    assert matched["bids"][-1]["steps"] == [{"lot": "energy", "quantity": -297, "price": 5369}]
    assert {key: matched[key] for key in matched if key != "bids"} == {
        "mechanism": "double_auction",
        "params": {"k": 0},
        "seed": "0f",
        "currency": "EUR",
        "exponent": 3,
        "lots": [{"id": "energy"}],
    }
    assert offered["params"] == {}


def test_offered_orders_cross_at_the_known_price():
    quantity, low, high = crossing(read_omie(FILE))
    assert (quantity, low, high) == (253_471, 4994, 4994)
    assert quantity * low == 1_265_834_174  # thousandths of a EUR


def test_matched_orders_leave_the_known_interval():
    problem = read_omie(FILE, orders="matched", k=0)
    assert crossing(problem) == (253_121, 5369, 8000)
    assert len(curve(problem, 1)) == len(curve(problem, -1)) == 253_121


@pytest.mark.parametrize(
    ("orders", "k", "quantity", "price", "paid"),
    [("offered", None, 253_471, 4994, 1_265_834_174), ("matched", 0, 253_121, 5369, 1_359_006_649)],
)
def test_the_mechanism_finds_what_the_crossing_says(orders, k, quantity, price, paid):
    problem = read_omie(FILE, orders=orders, k=k)
    outcome = mechanisms.run("double_auction", problem)
    assert (outcome.status, outcome.prices) == ("cleared", {"energy": price})
    assert sum(max(award.bundle["energy"], 0) for award in outcome.awards) == quantity
    assert sum(max(payment, 0) for payment in outcome.payments.values()) == paid
    assert len(outcome.payments) == len(problem["bids"])


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 2, "ends before its three header lines"),
        ("a\nb\n1;02/01/2009;MI;;C;3,0;1,0;O;\n", 3, "header should start with Hora;Fecha"),
        ("\n".join(HEAD).encode().decode("latin-1"), 3, "header should start"),  # the same file saved as UTF-8
        (book(), 5, "without any order that is offered"),
        (book(ORDER.replace("O;", "C;")), 6, "without any order that is offered"),
        (book(ORDER, "1;02/01/2009;MI;;C;3,0"), 5, "expected 8 fields, found 6"),
        (book(ORDER, ORDER + "more"), 5, "expected 8 fields, found 9"),
        (book(ORDER, ORDER.replace("C;", "X;")), 5, "found 'X' and 'O'"),
        (book(ORDER.replace("O;", "P;")), 4, "found 'C' and 'P'"),
        (book(ORDER.replace("3.922,0", "3922.0")), 4, "'3922.0' is not a number"),
        (book(ORDER.replace("3.922,0", "-3,0")), 4, "'-3,0' is not a number"),
        (book(ORDER.replace("3.922,0", "٣,0")), 4, "is not a number"),
        (book(ORDER.replace("3.922,0", "")), 4, "'' is not a number"),
        (book(ORDER.replace("3.922,0", "3,05")), 4, "3,05 does not fit"),
        (book(ORDER.replace("3.922,0", "9" * 13)), 4, "does not fit"),
        (book(ORDER.replace("3.922,0", "0,0")), 4, "no energy"),
        (book(ORDER.replace("18,030", "180,30")), 4, "EUR/MWh are not read"),
        (book(ORDER.replace("18,030", "1,0305")), 4, "1,0305 does not fit"),
        (book(ORDER, "2" + ORDER[1:]), 5, "2 02/01/2009 MI follows 1 02/01/2009 MI"),
        (book(ORDER, ORDER.replace("MI", "ES")), 5, "one hour at a time"),
    ],
)
def test_an_unreadable_file_is_refused_by_its_line(text, line, says):
    with pytest.raises(UnreadableError, match=f"line {line}: .*{says}") as refused:
        parse_omie(text)
    assert refused.value.line == line


def test_windows_line_ends_and_spare_decimals_are_read():
    text = book(ORDER, "1;02/01/2009;MI;;V;1.234.567,80;0;O").replace("\n", "\r\n")
    steps = [bid["steps"][0] for bid in parse_omie(text)["bids"]]
    assert [(step["quantity"], step["price"]) for step in steps] == [(39_220, 18_030), (-12_345_678, 0)]
