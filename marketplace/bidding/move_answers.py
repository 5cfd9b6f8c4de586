"""What is told of moves: the acknowledgement of one's own, and those that a participant may read back."""

from typing import Any

from django.db.models import QuerySet

from marketplace.bidding.models import Move, Participation
from marketplace.bidding.moves import Made
from marketplace.bidding.turns import mover, table_of, turn_of
from marketplace.core import clock
from marketplace.core.money import amount_text
from marketplace.markets.models import Market
from marketplace.markets.terms import Terms
from marketplace.markets.turns import haggles


def move_answer(made: Made, terms: Terms) -> dict[str, Any]:
    """The acknowledgement of a move, with the nonce behind its receipt; `turn` is how it stands now."""
    return {
        "id": made.move.ref,
        "market": terms.ref,
        "participation": made.participation,
        "n": made.move.n,
        "type": made.move.type,
        "receipt": made.move.receipt,
        "nonce": made.nonce.hex(),
        "received_at": clock.stamp(made.move.at),
        "means": means(made.move.type, made.move.data.open(), terms),
        "turn": made.turn,
    }


def means(kind: str, data: dict[str, Any], terms: Terms) -> str:
    """A move in words, with the money spelled out."""

    def money(amount: int) -> str:
        return amount_text(amount, terms.exponent, terms.currency)

    if kind == "offer":
        priced = {transfer["issue"] for transfer in terms.agenda.get("transfers", ())}
        said = {name: money(v) if name in priced else v for name, v in data["agreement"].items()}
        return "Offer: " + ", ".join(f"{name} {value}" for name, value in sorted(said.items())) + "."
    if kind == "bid" and "amount" in data:
        return f"Bid up to {money(data['amount'])}."
    if kind == "bid":
        wanted = ", ".join(f"{n} {lot}" for lot, n in sorted(data["demand"].items()) if n)
        return f"Ask for {wanted or 'nothing'} at the clock's prices."
    if kind == "order":
        act, bound = ("Buy", "at most") if data["quantity"] > 0 else ("Sell", "at least")
        amount = f"{money(data['price'])} each" if "price" in data else f"{money(data['limit_total'])} in all"
        return f"{act} {abs(data['quantity'])} {data['lot']} for {bound} {amount}."
    if kind == "accept" and terms.spec.kind == "dynamic":
        return f"Take {data.get('quantity', 1)} at the clock's price."
    return {"accept": "Accept the offer.", "reject": "Reject the offer.", "walk_away": "Walk away."}.get(kind, "Leave.")


def visible_moves(market: Market, seat: Participation | None) -> QuerySet[Move]:
    """The moves that a participant may read: in a haggle all of them, else its own until the end shows the rest."""
    rows = Move.objects.filter(market=market).select_related("participation")
    if seat is None:
        return rows.none()
    return rows if haggles(market.mechanism) else rows.filter(participation=seat)


def moved_answer(row: Move) -> dict[str, Any]:
    """One move, read back."""
    return {
        "id": row.ref,
        "n": row.n,
        "by": mover(row),
        "type": row.type,
        "data": row.data.open(),
        "receipt": row.receipt or None,
        "received_at": clock.stamp(row.at),
    }


def turn_answer(market: Market, seat: Participation | None) -> dict[str, Any] | None:
    """How it stands for the caller; None before it begins, and of a haggle for who does not sit at the table."""
    if not market.course or (seat is None and haggles(market.mechanism)):
        return None
    table = table_of(market)
    return None if table is None else turn_of(table, seat.ref if seat else None)
