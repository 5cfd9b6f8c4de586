"""AP2's open payment mandates, in the shape of v0.2's constraints, read and written."""

from decimal import Decimal

import pytest

from marketplace.core.refusals import Refusal
from marketplace.mandates import documents
from marketplace.mandates.ap2 import OPEN, read_open_mandate, write_open_mandates

REFERENCE = {"type": "payment.reference", "conditional_transaction_id": "A4wG4B..."}
RANGE = {"type": "payment.amount_range", "currency": "USD", "min": 0, "max": 20000}
BUDGET = {"type": "payment.budget", "currency": "USD", "max": Decimal("1000.50")}
PAYEES = {
    "type": "payment.allowed_payees",
    "allowed": [{"id": "agt_shop", "name": "Shop", "website": "https://x.example"}],
}
DATES = {
    "type": "payment.execution_date",
    "not_before": "2026-03-31T00:00:00Z",
    "not_after": "2026-04-30T23:59:59Z",
}


def open_mandate(*constraints: dict, **claims) -> dict:
    return {"vct": OPEN, "constraints": list(constraints), "cnf": {"jwk": {}}, "iat": 1777342357, **claims}


def test_an_open_mandate_is_read():
    read = read_open_mandate(open_mandate(RANGE, BUDGET, PAYEES, DATES, REFERENCE, exp=1777345957))
    assert documents.plain(read.document) == {
        "ceilings": {"USD": {"deal_minor": 20000, "day_minor": None, "standing_minor": None, "total_minor": 100050}},
        "counterparties": ["agt_shop"],
        "not_before": "2026-03-31T00:00:00Z",
        "expires_at": "2026-04-28T03:12:37Z",  # exp comes before not_after
    }
    assert read.references == ["A4wG4B..."]


def test_all_constraints_hold_together():
    tighter = {**RANGE, "max": 5000}
    read = read_open_mandate(open_mandate(RANGE, tighter, RANGE, PAYEES, {**PAYEES, "allowed": [{"id": "agt_x"}]}))
    assert read.document.ceilings["USD"].deal_minor == 5000
    assert read.document.counterparties == ()


def test_yen_have_no_minor_unit():
    read = read_open_mandate(open_mandate({"type": "payment.budget", "currency": "JPY", "max": 5000}))
    assert read.document.ceilings["JPY"].total_minor == 5000


@pytest.mark.parametrize(
    ("constraint", "pointer"),
    [
        ({**RANGE, "min": 1000}, "/constraints/0/min"),
        ({**RANGE, "max": 100.5}, "/constraints/0/max"),
        ({**BUDGET, "max": Decimal("0.001")}, "/constraints/0/max"),
        ({**PAYEES, "allowed": [{"...": "oEH7i1gyb"}]}, "/constraints/0/allowed"),
        ({**DATES, "not_after": "soon"}, "/constraints/0/not_after"),
        ({"type": "payment.agent_recurrence", "frequency": "MONTHLY"}, "/constraints/0"),
        ({"type": "payment.allowed_pisps", "allowed": []}, "/constraints/0"),
        ({"type": "payment.new_thing"}, "/constraints/0"),
        (REFERENCE, "/constraints"),
    ],
)
def test_what_cannot_be_kept_is_refused(constraint, pointer):
    with pytest.raises(Refusal) as caught:
        read_open_mandate(open_mandate(constraint))
    assert (caught.value.code, caught.value.pointer) == ("ap2_unsupported", pointer)


def test_other_credentials_are_refused():
    with pytest.raises(Refusal):
        read_open_mandate({"vct": "mandate.checkout.open.1", "constraints": []})


def test_a_mandate_is_written_and_read_back():
    stated = {
        "ceilings": {"EUR": {"deal_minor": 20000, "total_minor": 100050}, "JPY": {"total_minor": 5000}},
        "counterparties": ["agt_shop"],
        "expires_at": "2026-04-30T23:59:59Z",
    }
    document = documents.read(stated)
    written = write_open_mandates(document)
    assert [mandate["not_expressed"] for mandate in written] == [[], []]
    for mandate, currency in zip(written, ("EUR", "JPY"), strict=True):
        again = read_open_mandate({name: part for name, part in mandate.items() if name != "not_expressed"}).document
        assert again.ceilings == {currency: document.ceilings[currency]}
        assert (again.counterparties, again.expires_at) == (document.counterparties, document.expires_at)


def test_what_ap2_has_no_constraint_for_is_named():
    document = documents.read({"ceilings": {"EUR": {"day_minor": 5}}, "categories": ["a"], "ask": [{"when": {}}]})
    assert write_open_mandates(document)[0]["not_expressed"] == ["ask", "categories", "day_minor"]
