"""Units to money: nothing appears, nothing vanishes, nobody pays more than its charge."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.money import charge_step, minor_exponent
from marketplace.settlement.amounts import MARKET, minor_amounts

parties = st.sampled_from(["a", "b", "c", "d", "e", "f", "g"])
direct = st.lists(st.tuples(parties, parties, st.integers(0, 10**9)), max_size=12)


def exact(units: int, exponent: int, currency: str) -> Fraction:
    return Fraction(units * 10 ** minor_exponent(currency), 10**exponent)


def net_of(charges):
    net: dict[str, int] = {}
    for payer, payee, units in charges:
        net[payer] = net.get(payer, 0) + units
        net[payee] = net.get(payee, 0) - units
    net.pop(MARKET, None)
    return net


@st.composite
def two_sided(draw):
    """Buyers pay the market, which pays sellers no more than it gets."""
    paid = draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
    left, charges = sum(paid), [(f"b{i}", MARKET, units) for i, units in enumerate(paid)]
    for i in range(draw(st.integers(0, 8))):
        units = draw(st.integers(0, left))
        left -= units
        charges.append((MARKET, f"s{i}", units))
    return charges


@given(st.one_of(direct, two_sided()), st.integers(0, 6), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_is_conserved_and_nobody_is_wronged(charges, exponent, currency):
    amounts, net, step = minor_amounts(charges, exponent, currency), net_of(charges), charge_step(currency)
    given_out = sum(amounts.payouts.values()) + amounts.surplus_minor + amounts.residue_minor
    assert sum(amounts.collects.values()) == given_out
    assert min(amounts.surplus_minor, amounts.residue_minor) >= 0
    for party, minor in amounts.collects.items():
        assert 0 <= exact(net[party], exponent, currency) - minor < step
    owed = {party: exact(-units, exponent, currency) for party, units in net.items() if units < 0}
    pot = sum(amounts.payouts.values())
    for party, share in owed.items():
        got = amounts.payouts.get(party, 0)
        assert got < share + step
        assert abs(got - share * pot / sum(owed.values())) < step
    payers = sum(units > 0 for units in net.values())
    assert sum(owed.values()) - pot < step * (payers + 1)
    assert amounts.residue_minor < step * (payers + 2)


def test_three_buyers_share_a_cent_that_two_sellers_get():
    charges = [("x", "s", 3335), ("y", "s", 3335), ("z", "t", 3335)]
    amounts = minor_amounts(charges, 4, "EUR")  # 33.35 cents each
    assert amounts.collects == {"x": 33, "y": 33, "z": 33}
    assert amounts.payouts == {"s": 66, "t": 33}
    assert (amounts.surplus_minor, amounts.residue_minor) == (0, 0)


def test_what_buyers_pay_above_what_sellers_get_is_surplus():
    amounts = minor_amounts([("b", MARKET, 500), (MARKET, "s", 300)], 2, "EUR")
    assert (amounts.collects, amounts.payouts, amounts.surplus_minor) == ({"b": 500}, {"s": 300}, 200)


def test_a_deficit_is_what_somebody_else_pays_in():
    amounts = minor_amounts([("b", MARKET, 300), (MARKET, "s", 500)], 2, "EUR")
    assert (amounts.collects, amounts.payouts, amounts.deficit_minor) == ({"b": 300}, {"s": 500}, 200)


def test_who_sells_what_it_buys_owes_only_the_difference():
    amounts = minor_amounts([("a", "b", 500), ("b", "a", 200)], 2, "EUR")
    assert (amounts.collects, amounts.payouts) == ({"a": 300}, {"b": 300})
