"""Guards: triggers by which the database itself refuses to change or empty the ledger."""

from django.db import connection, transaction

TRANSFERS, JOURNALS = "settlement_transfer", "settlement_journal"
SINCE = "settlement_attempt"  # a database without this table is older than the guards
WORDS = "the ledger is append-only"
BACK = "NEW.name <> OLD.name OR NEW.currency <> OLD.currency OR NEW.head_seq <= OLD.head_seq"
KNOWN = f"EXISTS (SELECT 1 FROM {TRANSFERS} WHERE id = NEW.id OR (journal_id = NEW.journal_id AND seq = NEW.seq))"  # noqa: S608

# (when, on which table, under which condition)
SQLITE = {
    "ledger_transfer_update": ("UPDATE", TRANSFERS, ""),
    "ledger_transfer_delete": ("DELETE", TRANSFERS, ""),
    "ledger_transfer_replace": ("INSERT", TRANSFERS, KNOWN),  # REPLACE INTO deletes without a DELETE trigger
    "ledger_journal_back": ("UPDATE", JOURNALS, BACK),
    "ledger_journal_delete": ("DELETE", JOURNALS, ""),
}
POSTGRESQL = {
    "ledger_transfer_change": ("UPDATE OR DELETE", TRANSFERS, ""),
    "ledger_transfer_truncate": ("TRUNCATE", TRANSFERS, ""),
    "ledger_journal_back": ("UPDATE", JOURNALS, BACK),
    "ledger_journal_delete": ("DELETE", JOURNALS, ""),
    "ledger_journal_truncate": ("TRUNCATE", JOURNALS, ""),
}
REFUSE = f"""
CREATE OR REPLACE FUNCTION walras_ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{WORDS}: % of %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def missing() -> list[str]:
    """The guards that this database lacks; none where the ledger itself is not there yet."""
    if SINCE not in connection.introspection.table_names():
        return []
    return sorted(_wanted().keys() - _present())


@transaction.atomic
def install() -> list[str]:
    """Set up the guards that are missing; their names."""
    lacking = missing()
    with connection.cursor() as cursor:
        if lacking and connection.vendor == "postgresql":
            cursor.execute(REFUSE)
        for name in lacking:
            cursor.execute(_statement(name, *_wanted()[name]))
    return lacking


def _wanted() -> dict[str, tuple[str, str, str]]:
    return SQLITE if connection.vendor == "sqlite" else POSTGRESQL


def _present() -> set[str]:
    """Installed and awake."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        return {name for (name,) in cursor.fetchall()}


def _statement(name: str, event: str, table: str, condition: str) -> str:
    when = f"WHEN ({condition})" if condition else ""
    if connection.vendor == "sqlite":
        body = f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        return f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} {body}"
    level = "STATEMENT" if event == "TRUNCATE" else "ROW"
    body = f"FOR EACH {level} {when} EXECUTE FUNCTION walras_ledger_refuses()"
    return f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table} {body}"
