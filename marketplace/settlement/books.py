"""Our books and Stripe's, held against each other, charge by charge and transfer by transfer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from marketplace.settlement import calls, ledger
from marketplace.settlement.gateway import Done, Unknown
from marketplace.settlement.models import Authorisation, Dispute, Journal, Obligation

State, Kind, Way = Obligation.State, Obligation.Kind, Obligation.Way
Hold = Authorisation.State
READINGS = 3  # of a journal that changes while it is compared


class Difference(NamedTuple):
    """One thing of which our books and Stripe's say different things."""

    subject: str
    code: str
    detail: str


class Theirs(NamedTuple):
    """What Stripe has of one market."""

    charges: list[dict[str, Any]]
    transfers: list[dict[str, Any]]


def differences(journal: Journal) -> list[Difference]:
    """What does not agree; what is on its way may be at either end of it. Empty where all agrees.

    A journal that changes while Stripe is read is read again.
    """
    for _ in range(READINGS):
        before = Journal.objects.get(pk=journal.pk).head_seq
        theirs = _theirs(journal)
        if isinstance(theirs, Unknown):
            return [Difference(journal.name, "stripe_unreadable", theirs.reason)]
        found = list(_compare(journal, theirs))
        if not found or Journal.objects.get(pk=journal.pk).head_seq == before:
            break
    return found


def _theirs(journal: Journal) -> Theirs | Unknown:
    charges = calls.list_charges(group=journal.name)
    transfers = calls.list_transfers(group=journal.name)
    if isinstance(charges, Done) and isinstance(transfers, Done):
        return Theirs(charges.object["data"], transfers.object["data"])
    failed = transfers if isinstance(charges, Done) else charges
    return failed if isinstance(failed, Unknown) else Unknown("Stripe refused to list")


def _compare(journal: Journal, theirs: Theirs) -> Iterator[Difference]:
    rows = list(Obligation.objects.filter(journal=journal))
    holds = list(Authorisation.objects.filter(journal=journal, balance=None))
    returned = _returned(rows)
    yield from _charges(holds, rows, returned, theirs.charges)
    yield from _transfers(rows, returned, theirs.transfers)
    yield from _disputed(rows, theirs.charges)
    if not any(row.state == State.UNKNOWN for row in rows):
        yield from _totals(journal, theirs)


def _returned(rows: list[Obligation]) -> dict[int | None, tuple[int, int]]:
    """By what they give back: the sum that is given back for sure, and the sum that may be."""
    sums: dict[int | None, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        if row.of_id is not None:
            sure, maybe = sums[row.of_id]
            paid, asked = row.state == State.PAID, row.state == State.UNKNOWN
            sums[row.of_id] = (sure + row.amount_minor * paid, maybe + row.amount_minor * asked)
    return sums


def _charges(
    holds: list[Authorisation],
    rows: list[Obligation],
    returned: dict[int | None, tuple[int, int]],
    charges: list[dict[str, Any]],
) -> Iterator[Difference]:
    made = _by_name(charges, "authorisation")
    collects = {row.authorisation_id: row for row in rows if row.kind == Kind.COLLECT and row.way == Way.CAPTURE}
    yield from _charged_later(rows, returned, made.pop("", []))
    for hold in holds:
        mine = [charge for charge in made.pop(hold.ref, []) if charge["status"] == "succeeded"]
        yield from _one(hold.ref, mine, _taken, _may_be_taken(hold, collects.get(hold.pk), returned), hold.currency)
        yield from _one(hold.ref, mine, _held, _may_be_held(hold, collects.get(hold.pk)), hold.currency)
    for name, strange in made.items():
        yield Difference(name or strange[0]["id"], "charge_unknown", f"Stripe has {strange[0]['id']}, which we do not")


def _charged_later(
    rows: list[Obligation], returned: dict[int | None, tuple[int, int]], charges: list[dict[str, Any]]
) -> Iterator[Difference]:
    made = _by_name(charges, "obligation")
    for row in rows:
        if row.kind == Kind.COLLECT and row.way == Way.CHARGE:
            mine = [charge for charge in made.pop(row.ref, []) if charge["status"] == "succeeded"]
            yield from _one(row.ref, mine, _taken, _span(row, returned.get(row.pk, (0, 0))), row.currency)
    for name, strange in made.items():
        yield Difference(name or strange[0]["id"], "charge_unknown", f"Stripe has {strange[0]['id']}, which we do not")


def _disputed(rows: list[Obligation], charges: list[dict[str, Any]]) -> Iterator[Difference]:
    """Charges that their cardholders dispute, of which we know nothing; `detail` names the charge."""
    known = set(Dispute.objects.filter(obligation__in=rows).values_list("obligation__stripe_id", flat=True))
    ours = {row.stripe_id: row for row in rows if row.kind == Kind.COLLECT}
    for charge in charges:
        if charge.get("disputed") and charge["id"] in ours.keys() - known:
            yield Difference(ours[charge["id"]].ref, "dispute_unknown", charge["id"])


def _transfers(
    rows: list[Obligation], returned: dict[int | None, tuple[int, int]], transfers: list[dict[str, Any]]
) -> Iterator[Difference]:
    made = _by_name(transfers, "obligation")
    for row in rows:
        if row.kind in Obligation.PAYS:
            allowed = _span(row, returned.get(row.pk, (0, 0)))
            yield from _one(row.ref, made.pop(row.ref, []), _moved, allowed, row.currency)
    for name, strange in made.items():
        detail = f"Stripe has {strange[0]['id']}, which we do not"
        yield Difference(name or strange[0]["id"], "transfer_unknown", detail)


def _one(
    subject: str, mine: list[dict[str, Any]], measure: Any, allowed: set[int], currency: str
) -> Iterator[Difference]:
    """Of one hold or payout: at most one object that counts, and it counts what ours says, in our currency."""
    amounts = [measure(each) for each in mine]
    what = measure.__name__.strip("_")
    if sum(amount > 0 for amount in amounts) > 1:
        yield Difference(subject, f"{what}_twice", ", ".join(each["id"] for each in mine))
    elif sum(amounts) not in allowed:
        expected = " or ".join(map(str, sorted(allowed)))
        yield Difference(subject, f"{what}_differs", f"Stripe says {sum(amounts)}, our books {expected}")
    if any(each["currency"] != currency.lower() for each in mine):
        yield Difference(subject, "currency_differs", f"Stripe has {mine[0]['currency']}, our books {currency}")


def _span(row: Obligation | None, returned: tuple[int, int]) -> set[int]:
    """What Stripe may have of a collect or payout: all or nothing of what is on its way."""
    if row is None:
        return {0}
    sure, maybe = returned
    full = {State.PAID: {row.amount_minor}, State.REFUNDED: {row.amount_minor}}
    either = {0, row.amount_minor} if row.state == State.UNKNOWN else {0}
    return {amount - sure - part for amount in full.get(State(row.state), either) for part in {0, maybe}}


def _may_be_taken(
    hold: Authorisation, collect: Obligation | None, returned: dict[int | None, tuple[int, int]]
) -> set[int]:
    return _span(collect, returned.get(collect.pk, (0, 0)) if collect else (0, 0))


def _may_be_held(hold: Authorisation, collect: Obligation | None) -> set[int]:
    capturing = collect is not None and collect.state == State.UNKNOWN
    if hold.state == Hold.AUTHORISED:
        return {hold.amount_minor, 0} if capturing or hold.release_due else {hold.amount_minor}
    return {0, hold.amount_minor} if hold.state == Hold.UNKNOWN else {0}


def _totals(journal: Journal, theirs: Theirs) -> Iterator[Difference]:
    """With nothing on its way, the sums agree to the minor unit."""
    ours = ledger.balances(journal)
    payers = -sum(amount for account, amount in ours.items() if account.startswith("payer:"))
    payees = sum(amount for account, amount in ours.items() if account.startswith("payee:"))
    if payers != (taken := sum(map(_taken, theirs.charges))):
        yield Difference(journal.name, "collected_differs", f"Stripe took {taken}, our books say {payers}")
    if payees != (moved := sum(map(_moved, theirs.transfers))):
        yield Difference(journal.name, "paid_out_differs", f"Stripe moved {moved}, our books say {payees}")


def _by_name(objects: Iterable[dict[str, Any]], name: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in objects:
        groups[(each.get("metadata") or {}).get(name, "")].append(each)
    return groups


def _taken(charge: dict[str, Any]) -> int:
    """Captured and not refunded; what a partial capture let go counts as refunded at Stripe."""
    if not charge["captured"]:
        return 0
    released = charge["amount"] - charge["amount_captured"]
    return int(charge["amount_captured"] - max(0, charge["amount_refunded"] - released))


def _held(charge: dict[str, Any]) -> int:
    open_hold = charge["status"] == "succeeded" and not charge["captured"]
    return int(charge["amount"] - charge["amount_refunded"]) if open_hold else 0


def _moved(transfer: dict[str, Any]) -> int:
    return int(transfer["amount"] - transfer["amount_reversed"])
