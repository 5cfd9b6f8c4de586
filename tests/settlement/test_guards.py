"""Guards: the database refuses to change the ledger, and says so where it would not."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, models, transaction

from marketplace.settlement import guards, ledger
from marketplace.settlement.models import Journal, Transfer
from tests.settlement.factories import JournalFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spoils_books]  # these are nobody's payments
CHANGES = [
    "UPDATE settlement_transfer SET amount_minor = 1",
    "UPDATE settlement_transfer SET hash = hash",
    "DELETE FROM settlement_transfer",
    "DELETE FROM settlement_journal",
    "UPDATE settlement_journal SET head_seq = 0",
    "UPDATE settlement_journal SET head_seq = head_seq, head_hash = 'x'",
    "UPDATE settlement_journal SET currency = 'USD', head_seq = 9",
    "UPDATE settlement_journal SET name = 'market:other', head_seq = 9",
]
ONLY_SQLITE = [
    "REPLACE INTO settlement_transfer SELECT id, seq, kind, debit, credit, 1, currency, reference, at, prev_hash, hash,"
    " journal_id, pending_id FROM settlement_transfer WHERE seq = 1",
]
ONLY_POSTGRESQL = ["TRUNCATE settlement_transfer CASCADE", "TRUNCATE settlement_journal CASCADE"]


def changes() -> list[str]:
    return CHANGES + (ONLY_SQLITE if connection.vendor == "sqlite" else ONLY_POSTGRESQL)


@pytest.fixture
def journal():
    made = JournalFactory()
    for amount in (5, 7):
        ledger.post(made, debit="payer:a", credit=made.name, amount_minor=amount, reference="a")
    return made


def test_what_is_written_stays(journal):
    before = list(Transfer.objects.values_list()), list(Journal.objects.values_list())
    for change in changes():
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    assert before == (list(Transfer.objects.values_list()), list(Journal.objects.values_list()))
    assert guards.missing() == []


def test_a_row_that_closes_names_its_hold(journal):
    row = Transfer(journal=journal, seq=3, kind="void_pending", debit="a", credit="b", amount_minor=1, currency="EUR")
    row.reference, row.at, row.prev_hash, row.hash = "a", "2026-01-01T00:00:00Z", "x", "y"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize("name", sorted({*guards.SQLITE, *guards.POSTGRESQL}))
def test_each_guard_is_missed(name, journal, capsys):
    ours = guards.SQLITE if connection.vendor == "sqlite" else guards.POSTGRESQL
    if name not in ours:
        assert name not in guards.missing()
        return
    with connection.cursor() as cursor:
        where = "" if connection.vendor == "sqlite" else f" ON {ours[name][1]}"
        cursor.execute(f"DROP TRIGGER {name}{where}")
    assert guards.missing() == [name]
    with pytest.raises(SystemCheckError, match=name):
        call_command("check", databases=["default"])
    with pytest.raises(CommandError, match="1 guards are missing"):
        call_command("verify_ledger", "--without-stripe")
    call_command("ledger_guards")
    assert f"installed {name}" in capsys.readouterr().out
    call_command("check", databases=["default"])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite remakes a table to change it")
def test_a_later_migration_that_drops_the_triggers_is_noticed(journal):
    """On SQLite a new constraint makes the table anew, and the triggers of the old one are gone without a word."""
    rule = models.CheckConstraint(condition=models.Q(seq__gt=0), name="later")
    with connection.schema_editor() as editor:
        editor.add_constraint(Transfer, rule)
    try:
        assert guards.missing() == ["ledger_transfer_delete", "ledger_transfer_replace", "ledger_transfer_update"]
        with pytest.raises(SystemCheckError, match="ledger_transfer_delete"):
            call_command("check", databases=["default"])
    finally:
        with connection.schema_editor() as editor:
            editor.remove_constraint(Transfer, rule)
        guards.install()
