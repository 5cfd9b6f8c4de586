"""The books: sums, holds, and what tampering looks like."""

import hashlib
from datetime import UTC, datetime

import pytest
import rfc8785
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from marketplace.settlement import ledger
from marketplace.settlement.models import Transfer
from marketplace.settlement.verification import verify_journal
from tests.ledger import unguarded_ledger
from tests.settlement.factories import JournalFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def journal():
    """A sale: 500 held, 300 taken of it, 290 paid out, 10 kept."""
    journal = JournalFactory(name="market:mkt_a")
    market = ledger.market_account(journal)
    ledger.hold(journal, debit="payer:prt_b", credit=market, amount_minor=500, reference="prt_b")
    (held,) = ledger.open_holds(journal, "prt_b")
    ledger.post_hold(journal, held, 300)
    ledger.post(journal, debit=market, credit="payee:prn_s", amount_minor=290, reference="prt_s")
    ledger.post(journal, debit=market, credit="surplus:mkt_a", amount_minor=10, reference="rnd_1")
    return journal


def test_balances_are_sums(journal):
    expected = {"market:mkt_a": 0, "payee:prn_s": 290, "payer:prt_b": -300, "surplus:mkt_a": 10}
    assert ledger.balances(journal) == expected
    assert [row.kind for row in journal.transfers.order_by("seq")] == [
        "pending",
        "post_pending",
        "void_pending",
        "posted",
        "posted",
    ]
    assert verify_journal(journal) == []


def test_a_hold_gives_no_more_than_it_holds(journal):
    ledger.hold(journal, debit="payer:prt_c", credit="market:mkt_a", amount_minor=5, reference="prt_c")
    (held,) = ledger.open_holds(journal, "prt_c")
    with pytest.raises(ValueError, match="of which 5 is left"):
        ledger.post_hold(journal, held, 6)
    ledger.void_hold(journal, held)
    assert ledger.open_holds(journal, "prt_c") == []


@pytest.mark.parametrize("bad", [{"amount_minor": 0}, {"amount_minor": -1}, {"credit": "payer:prt_c"}])
def test_the_database_refuses_what_does_not_move(journal, bad):
    row = {"debit": "payer:prt_c", "credit": "market:mkt_a", "amount_minor": 5, "reference": "x", **bad}
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.post(journal, **row)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"amount_minor": 301}, "changed after"),
        ({"credit": "payee:prn_thief"}, "changed after"),
        ({"reference": "prt_z"}, "changed after"),
        ({"prev_hash": "f" * 64}, "does not continue"),
        ({"seq": 9}, "stands where"),
        ({"currency": "USD"}, "is in USD"),
    ],
)
def test_tampering_shows(journal, change, fault):
    with unguarded_ledger():
        Transfer.objects.filter(journal=journal, seq=2).update(**change)
    assert any(fault in text for text in verify_journal(journal))
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("verify_ledger", "--without-stripe")


def test_a_missing_last_row_shows(journal):
    with unguarded_ledger():
        journal.transfers.order_by("-seq").first().delete()
    assert any("the head says" in text for text in verify_journal(journal))


def test_a_row_rehashed_over_a_larger_amount_still_shows(journal):
    row = journal.transfers.get(seq=2)
    row.amount_minor = 501
    row.hash = ledger.digest(row, journal.name)
    with unguarded_ledger():
        row.save()
    assert any("more than the hold" in text for text in verify_journal(journal))


def test_a_market_cannot_give_what_it_has_not(journal):
    ledger.post(journal, debit="market:mkt_a", credit="payee:prn_s", amount_minor=1, reference="prt_s")
    assert verify_journal(journal) == ["after row 6 the market has given more than it got"]


@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, 2**53 - 1), st.none() | st.integers(1, 2**40))
def test_a_digest_is_of_the_canonical_json(debit, reference, amount, pending):
    """The standard library's JSON of such a row is what RFC 8785 says, whatever the text."""
    held = Transfer(seq=pending) if pending else None
    row = Transfer(seq=7, kind="posted", debit=debit, credit="é\u2028\x7f", amount_minor=amount, currency="EUR")
    row.pending, row.reference, row.prev_hash, row.at = held, reference, "0" * 64, datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
    names = ("seq", "kind", "debit", "credit", "amount_minor", "currency", "reference", "prev_hash")
    document = {name: getattr(row, name) for name in names}
    document |= {"journal": "market:mkt_a", "pending": pending, "at": "2026-01-02T03:04:05.000006+00:00"}
    assert ledger.digest(row, "market:mkt_a") == hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def test_whole_books_are_said_to_be_whole(journal, capsys):
    call_command("verify_ledger", "--without-stripe")
    assert capsys.readouterr().out == "1 journals are whole\n"
