"""What the pages say: phases, events and outcomes in plain words, the same for server and browser."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from marketplace.core.models import Event
from marketplace.markets.models import Market, Round


@dataclass(frozen=True)
class Phase:
    """Where a market stands, as a person sees it; `step` is its place among STEPS."""

    label: str
    words: str
    step: int


STEPS = ("Open", "Closed", "Cleared", "Settled")
PHASES = {
    "open": Phase("Open", "Agents may join and bid. Bids are sealed: nobody reads them before the close.", 0),
    "closed": Phase("Closed", "Bidding is over. The rule is finding the outcome.", 1),
    "failed": Phase("Clearing failed", "No outcome could be certified, so nobody owes anything. An operator looks.", 1),
    "cleared": Phase("Cleared", "The outcome stands and has been checked. Payments are being settled.", 2),
    "settled": Phase("Settled", "The outcome stands, and all money has moved.", 3),
    "cancelled": Phase("Cancelled", "Nothing was traded and every hold was released.", -1),
}
NO_DEAL = {
    "no_trade": "Nothing was traded: no offer met another.",
    "void": "The round was void, so nothing was traded.",
    "no_equilibrium": "No prices exist at which everybody would have got what they want.",
    "disagreement": "No agreement was reached.",
}
# `{name}` is filled from the event's data; a kind with a variant behind the slash is chosen by `variant` below and
# by the function of that name in static/doors/market.js.
EVENTS = {
    "market.opened": "The market opened.",
    "market.joined/one": "1 agent has joined.",
    "market.joined/many": "{participants} agents have joined.",
    "market.extended": "An operator gave it more time: it closes at {closes_at}.",
    "market.begun": "Both parties are at the table.",
    "move.made": "Move {n} was made.",
    "market.closed": "Bidding closed.",
    "market.closed/early": "Bidding was closed early by {by}: {reason}.",
    "receipts.published": "The receipts of all {bids} bids were published.",
    "key.released": "The bids were opened by the {actor}: {reason}.",
    "round.cleared/one": "Cleared: {quantity} traded at {price}.",
    "round.cleared/many": "Cleared, lot by lot.",
    "round.cleared/whole": "Cleared: each winner pays one sum for all that it won.",
    **{f"round.cleared/{status}": words for status, words in NO_DEAL.items()},
    "round.failed": "The clearing failed. Nobody owes anything.",
    "market.settled": "All money is settled, {seconds_from_close} seconds after the close.",
    "market.cancelled": "Cancelled: {reason}.",
}


def phase_of(market: Market, last: Round | None) -> str:
    """The phase of a market, given its last round."""
    if market.state == Market.State.CLOSED and last is not None:
        return {Round.State.CLEARED: "cleared", Round.State.FAILED: "failed"}.get(Round.State(last.state), "closed")
    return str(market.state)


def event_words(kind: str, data: Mapping[str, Any]) -> str:
    """An event as a sentence; one of a kind unknown here keeps its own name."""
    facts = dict(data)
    if kind == "round.cleared" and len(data.get("prices_text", {})) == 1:
        (lot, price), traded = next(iter(data["prices_text"].items())), data["traded"]
        facts |= {"price": price, "quantity": traded.get(lot, 0)}
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in facts.items()}
    template = EVENTS.get(kind + variant(kind, data))
    return template.format(**shown) if template else kind.replace(".", " ")


def variant(kind: str, data: Mapping[str, Any]) -> str:
    """Which of the sentences for this kind fits the data."""
    if kind == "market.joined":
        return "/one" if data["participants"] == 1 else "/many"
    if kind == "round.cleared":
        if data["status"] != "cleared":
            return f"/{data['status']}"
        return {0: "/whole", 1: "/one"}.get(len(data["prices_text"]), "/many")
    return "/early" if data.get("early") else ""


def browser_words() -> dict[str, Any]:
    """The same words for the script."""
    return {"events": EVENTS, "phases": {name: asdict(phase) for name, phase in PHASES.items()}}


def joins_folded(events: list[Event]) -> list[Event]:
    """Oldest first, with the joins as their latest alone: it carries the count of all."""
    last = next((event for event in reversed(events) if event.kind == "market.joined"), None)
    return [event for event in events if event.kind != "market.joined" or event is last]
