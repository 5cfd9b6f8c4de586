"""Bargains by worth over issues: the same agreement as with utilities worked out by hand, bad ones pointed at."""

import itertools

import pytest

import mechanisms
from mechanisms.check import verify
from mechanisms.errors import ProblemError

PRICES, SPEEDS = [80, 100, 120, 140], ["fast", "slow"]
BUYER = {
    "must": {"attribute": "price", "le": 120},
    "worth": {
        "base": 150,
        "terms": [
            {"attribute": "price", "add": -1, "per": 1, "from": 0},
            {"attribute": "speed", "table": {"fast": 30}},
        ],
    },
    "reservation": 10,
}
SELLER = {
    "worth": {
        "base": -70,
        "terms": [
            {"attribute": "price", "add": 1, "per": 1, "from": 0},
            {"add": -25, "when": {"attribute": "speed", "eq": "fast"}},
        ],
    }
}
TRANSFERS = [{"issue": "price", "payer": "buyer", "payee": "seller"}]


def bargain(buyer: dict = BUYER, **more: object) -> dict:
    parties = {"buyer": buyer, "seller": SELLER}
    issues = {"price": PRICES, "speed": SPEEDS}
    return {"mechanism": "nash_bargaining", "issues": issues, "parties": parties, "transfers": TRANSFERS, **more}


def best_by_hand() -> tuple[str, int, int]:
    """The greatest product of gains: (id, buyer's utility, seller's)."""
    found = []
    for price, speed in itertools.product(PRICES, SPEEDS):
        buyer, seller = 150 - price + 30 * (speed == "fast"), price - 70 - 25 * (speed == "fast")
        if price <= 120 and buyer >= 10 and seller >= 0:
            found.append(((buyer - 10) * seller, f"price {price}, speed {speed}", buyer, seller))
    return max(found)[1:]


def test_a_worth_over_issues_is_bargained_over_like_utilities() -> None:
    outcome = mechanisms.run("nash_bargaining", bargain())
    name, buyer, seller = best_by_hand()
    assert (outcome.agreement, outcome.utilities) == (name, {"buyer": buyer, "seller": seller})
    paid = int(name.split()[1].rstrip(","))
    assert [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges] == [("buyer", "seller", paid)]
    assert verify(mechanisms.read_problem(bargain()), outcome) == []


def test_nothing_is_agreed_that_breaks_a_must() -> None:
    fast = BUYER | {"must": [{"attribute": "price", "le": 100}, {"attribute": "speed", "eq": "fast"}]}
    listed = mechanisms.read_problem(bargain(fast)).agreements
    assert [one.id for one in listed] == ["price 80, speed fast", "price 100, speed fast"]


@pytest.mark.parametrize(
    ("buyer", "code", "pointer"),
    [
        (BUYER | {"worth": {"terms": [{"add": 0.5}]}}, "not_an_integer", "/parties/buyer/worth/terms/0/add"),
        (BUYER | {"must": {"attribute": "colour", "eq": 1}}, "unknown_attribute", "/parties/buyer/must/attribute"),
        ({"weights": {}, "values": {}}, "unknown_field", "/parties/buyer/weights"),
        (BUYER | {"must": {"attribute": "price", "lt": 80}}, "empty", "/agreements"),
    ],
)
def test_a_bad_worth_is_pointed_at(buyer: dict, code: str, pointer: str) -> None:
    with pytest.raises(ProblemError) as caught:
        mechanisms.read_problem(bargain(buyer))
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
