"""A bargain's outcome in words, for one of its parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mechanisms.money import in_words

if TYPE_CHECKING:
    from mechanisms.bargaining.types import Bargain, Bargained


def told(problem: Bargain, outcome: Bargained, agent: str) -> list[str]:
    """Sentences for one party; no other party's utility appears."""
    if outcome.status == "disagreement":
        return [f"No agreement was reached, which is worth {outcome.utilities[agent]} to you."]
    parts = [f"{_agreed(outcome, agent)} It is worth {outcome.utilities[agent]} to you."]
    owed = outcome.payments.get(agent, 0)
    if owed:
        verb = "pay" if owed > 0 else "receive"
        currency = (problem.currency, problem.exponent or 0)
        amount = str(abs(owed)) if currency[0] is None else in_words(abs(owed), currency[0], currency[1])
        parts.append(f"You {verb} {amount}.")
    return parts


def _agreed(outcome: Bargained, agent: str) -> str:
    if outcome.lottery:
        return f"A lottery over {len(outcome.lottery)} agreements was agreed."
    if outcome.shares:
        share = ", ".join(f"{amount} of {name}" for name, amount in outcome.shares[agent].items())
        return f"You get {share or 'nothing'}."
    if isinstance(outcome.agreement, dict):
        return "Agreed: " + ", ".join(f"{issue} = {value}" for issue, value in outcome.agreement.items()) + "."
    return f"Agreed: {outcome.agreement}."
