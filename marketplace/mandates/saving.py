"""What an agent may put on its person's balance alone: no more lies there than its mandate lets it spend."""

from datetime import datetime

from marketplace.core.refusals import Refusal
from marketplace.mandates.acts import Act
from marketplace.mandates.ceilings import refuse_beyond
from marketplace.mandates.grants import Chain
from marketplace.mandates.policies import ALONE

NOWHERE = "@balance"


def refuse_top_up(*, chain: Chain, currency: str, amount_minor: int, available_minor: int, at: datetime) -> None:
    """Refused where the mandate does not let the agent do so much alone, or a ceiling has no room for the whole."""
    whole = max(available_minor, 0) + amount_minor
    act = Act(
        kind="top_up",
        market=NOWHERE,
        title="a top-up",
        currency=currency,
        limit_minor=whole,
        more_minor=whole,
        mechanism=NOWHERE,
        disclosure=NOWHERE,
        closes_at=at,
        new_counterparty=False,
    )
    if chain.decide(act, at).word != ALONE:
        detail = "Your mandate does not let you put so much on the balance alone."
        fix = "Have your person top up on its page, /me/, or send less."
        raise Refusal(403, "top_up_by_person", detail, fix, "/amount_minor")
    refuse_beyond(chain, currency, whole, at)
