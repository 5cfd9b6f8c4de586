"""Whole sales in currencies of 0, 2 and 3 decimals: from an outcome's units to what Stripe took and moved."""

import pytest
from django.db import transaction

from marketplace.core import sweeps
from marketplace.settlement import services
from marketplace.settlement.models import Obligation
from tests.settlement.factories import JournalFactory
from tests.settlement.stories import Sale, all_of, intent, payer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])

# Currency, the exponent of the market's units, the limit, two charges in units; and, in minor units, what each payer
# pays, what the two sellers get and what rounding leaves.
SALES = [
    ("JPY", 2, 5_000, (123_456, 99_999), (1_234, 999), (744, 1_489), 0),
    ("EUR", 3, 5_000, (12_345, 9_999), (1_234, 999), (744, 1_489), 0),
    ("KWD", 4, 50_000, (123_456, 99_999), (12_340, 9_990), (7_440, 14_890), 0),
    ("KWD", 3, 50_000, (12_345, 9_999), (12_340, 9_990), (7_440, 14_890), 0),
]


@pytest.mark.parametrize(("currency", "exponent", "limit", "units", "pays", "gets", "residue"), SALES)
def test_a_sale_from_units_to_stripe_and_back(currency, exponent, limit, units, pays, gets, residue):
    sale, second = Sale(journal=JournalFactory(currency=currency)), Sale()
    winners, loser = [sale.joined(limit, payer()) for _ in units], sale.joined(limit, payer())
    assert [intent(row)["amount_capturable"] for row in (*winners, loser)] == [limit] * 3
    total = sum(units)
    charges = [(row.reference, "seller", charge) for row, charge in zip(winners, units, strict=True)]
    charges += [("seller", "one", total // 3), ("seller", "two", total - total // 3)]
    amounts = services.minor_amounts(charges, exponent, currency)
    assert amounts.collects == {row.reference: amount for row, amount in zip(winners, pays, strict=True)}
    assert (tuple(amounts.payouts.values()), amounts.residue_minor) == (gets, residue)
    record(sale, second, amounts)
    sweeps.run_due()
    assert services.settled(sale.round_ref).obligations == {"paid": 4}
    assert [intent(row)["amount_received"] for row in winners] == list(pays)
    assert intent(loser)["status"] == "canceled"
    assert sorted((made["amount"], made["currency"]) for made in all_of("transfers")) == [
        (amount, currency.lower()) for amount in sorted(gets)
    ]
    services.refund(obligation=Obligation.objects.get(kind="collect", reference=winners[0].reference))
    sweeps.run_due()
    assert sale.states("refund") == ["paid"]
    assert intent(winners[0])["status"] == "succeeded"
    balances = services.balances(sale.journal)
    assert balances[f"payer:{winners[0].reference}"] == 0
    assert balances[f"payer:{winners[1].reference}"] == -pays[1]


def record(sale, second, amounts):
    """As clearing does: two sellers, and what rounding leaves to the rounding account."""
    with transaction.atomic():
        services.record_obligations(
            journal=sale.journal,
            round_ref=sale.round_ref,
            collects=amounts.collects,
            payouts=amounts.payouts,
            principals={"one": sale.seller.pk, "two": second.seller.pk},
            surplus_minor=amounts.surplus_minor,
            residue_minor=amounts.residue_minor,
        )
