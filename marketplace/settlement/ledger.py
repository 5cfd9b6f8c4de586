"""Journals: append-only, hash-chained double entry; balances are sums."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import Coalesce

from marketplace.core import clock
from marketplace.core.batches import insert_all
from marketplace.settlement.models import Journal, Transfer

Kind = Transfer.Kind
ROUNDING = "rounding"
MOVES = (Kind.POSTED, Kind.POST_PENDING)
CLOSES = (Kind.POST_PENDING, Kind.VOID_PENDING)


class Entry(NamedTuple):
    """A movement that is to be written."""

    kind: str
    debit: str
    credit: str
    amount_minor: int
    reference: str
    pending: Transfer | None = None


class OpenHold(NamedTuple):
    """A hold and what is left of it."""

    row: Transfer
    left: int


def open_journal(*, name: str, currency: str) -> Journal:
    """New, empty books."""
    return Journal.objects.create(name=name, currency=currency)


def lock(journal_id: int) -> Journal:
    """The journal's row, locked until the transaction ends; whoever changes money state takes it first."""
    return Journal.objects.select_for_update().get(pk=journal_id)


def market_account(journal: Journal) -> str:
    """Where a market's money is between payers and payees."""
    return journal.name


def surplus_account(journal: Journal) -> str:
    """What payers paid above what payees get, by the mechanism's rule."""
    return "surplus:" + journal.name.partition(":")[2]


def fee_account(journal: Journal) -> str:
    """What the platform keeps of what payees receive."""
    return "fees:" + journal.name.partition(":")[2]


def disputed_account(journal: Journal) -> str:
    """What banks took back through disputes; what it lacks in the end is the platform's loss."""
    return "disputed:" + journal.name.partition(":")[2]


def post(journal: Journal, *, debit: str, credit: str, amount_minor: int, reference: str) -> Transfer:
    """Move money at once."""
    return append(journal, [Entry(Kind.POSTED, debit, credit, amount_minor, reference)])[0]


def hold(journal: Journal, *, debit: str, credit: str, amount_minor: int, reference: str) -> Transfer:
    """Promise money: nothing moves until the hold is posted."""
    return append(journal, [Entry(Kind.PENDING, debit, credit, amount_minor, reference)])[0]


def post_hold(journal: Journal, held: OpenHold, amount_minor: int) -> None:
    """Move part of a hold, at most what is left of it, and let go of the rest."""
    append(journal, moving(held, amount_minor))


def void_hold(journal: Journal, held: OpenHold) -> None:
    """Let go of what is left of a hold."""
    append(journal, letting_go(held))


def moving(held: OpenHold, amount_minor: int) -> list[Entry]:
    """What is to be written where part of a hold moves and the rest is let go."""
    row, left = held
    if not 0 < amount_minor <= left:
        raise ValueError(f"{amount_minor} of a hold of which {left} is left")
    rest = left - amount_minor
    moved = Entry(Kind.POST_PENDING, row.debit, row.credit, amount_minor, row.reference, row)
    return [moved, *letting_go(OpenHold(row, rest))] if rest else [moved]


def letting_go(held: OpenHold) -> list[Entry]:
    """What is to be written where what is left of a hold is let go."""
    row, left = held
    return [Entry(Kind.VOID_PENDING, row.debit, row.credit, left, row.reference, row)]


def open_holds(journal: Journal, *references: str) -> list[OpenHold]:
    """The holds of these references of which something is left; under the journal's lock."""
    holds = journal.transfers.filter(kind=Kind.PENDING, reference__in=references).order_by("seq")
    rows = holds.annotate(closed=Coalesce(Sum("closings__amount_minor"), 0))
    return [OpenHold(row, row.amount_minor - row.closed) for row in rows if row.closed < row.amount_minor]


def balances(journal: Journal) -> dict[str, int]:
    """What each account has received less what it has given; holds do not count. The sum is 0."""
    totals: dict[str, int] = defaultdict(int)
    moves = journal.transfers.filter(kind__in=MOVES)
    for side, sign in (("debit", -1), ("credit", 1)):
        for row in moves.values(side).annotate(total=Sum("amount_minor")):
            totals[row[side]] += sign * row["total"]
    return dict(sorted(totals.items()))


def append(journal: Journal, entries: Sequence[Entry]) -> list[Transfer]:
    """The next rows of a locked journal, all of one moment, and the journal's new head."""
    if not entries:
        return []
    at, rows = clock.now(), []
    for entry in entries:
        row = Transfer(
            journal=journal,
            seq=journal.head_seq + 1,
            at=at,
            currency=journal.currency,
            prev_hash=journal.head_hash,
            **entry._asdict(),
        )
        row.hash = digest(row, journal.name)
        journal.head_seq, journal.head_hash = row.seq, row.hash
        rows.append(row)
    insert_all(rows, "seq")
    journal.save(update_fields=["head_seq", "head_hash"])
    return rows


def digest(row: Transfer, journal_name: str) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of a row and its predecessor's hash.

    Of text, integers and null in one object with ASCII names, the standard library's JSON is the canonical one.
    """
    document: dict[str, str | int | None] = {
        "journal": journal_name,
        "seq": row.seq,
        "kind": str(row.kind),
        "debit": row.debit,
        "credit": row.credit,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "pending": row.pending.seq if row.pending else None,
        "reference": row.reference,
        "at": _instant(row.at),
        "prev_hash": row.prev_hash,
    }
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
