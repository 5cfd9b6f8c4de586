"""Limits in sealed markets: steps of a ladder that everybody knows, so that what is held tells little of the bid."""

from marketplace.core.ladder import MAX_CHARGE_MINOR, on_ladder, rung_above, rung_below
from marketplace.core.money import minor_text
from marketplace.core.refusals import Refusal
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Market


def refuse_off_ladder(market: Market, limit_minor: int) -> None:
    """Refuse a limit between two steps where bids are sealed, naming both; in open markets any amount will do."""
    sealed = rule(market.mechanism).visibility == "sealed"
    if not sealed or on_ladder(limit_minor) or limit_minor > MAX_CHARGE_MINOR:  # beyond it the card's bound speaks
        return
    lower, higher = rung_below(limit_minor), rung_above(limit_minor)
    low, high = (minor_text(amount, market.currency) for amount in (lower, higher))
    raise Refusal(
        422,
        "limit_off_ladder",
        f"Bids are sealed, and a hold of just any size would tell them: limits are steps such as {low} and {high}.",
        f"Send {higher} (or {lower}, if your bids cost no more): you pay what the rule says, whatever is held.",
        "/limit_minor",
        extra={"lower": lower, "higher": higher},
    )
