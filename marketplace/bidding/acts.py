"""Joining and raising as acts that a mandate decides on: their facts, and what the mandate says."""

from dataclasses import dataclass
from datetime import datetime

from marketplace.agents.models import Agent
from marketplace.bidding.models import Participation
from marketplace.mandates import ceilings
from marketplace.mandates.acts import NO_CATEGORY, THE_MARKET, Act
from marketplace.mandates.checkins import denied
from marketplace.mandates.documents import HOUSE
from marketplace.mandates.grants import Chain
from marketplace.mandates.policies import ASK, NEVER, Verdict
from marketplace.mandates.purses import purse_for
from marketplace.markets.models import Market
from marketplace.markets.terms import terms_of


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is to be done with an act: go on with this purse, or ask the person, who may have to choose a purse."""

    verdict: Verdict
    purse: str
    choices: list[str]

    @property
    def asks(self) -> bool:
        """Whether the person is asked first."""
        return self.verdict.word == ASK


def act_of(
    *,
    market: Market,
    agent: Agent,
    limit_minor: int,
    before_minor: int = 0,
    kind: str = "join",
    look_back: bool = True,
) -> Act:
    """Joining a market under a limit, or raising it from `before_minor`; `look_back`: look up past deals or not."""
    lots = list(terms_of(market.ref).lots.values())
    sellers = frozenset(lot.seller or THE_MARKET for lot in lots)
    return Act(
        kind=kind,
        market=market.ref,
        title=market.title,
        currency=market.currency,
        limit_minor=limit_minor,
        more_minor=limit_minor - before_minor,
        mechanism=market.mechanism,
        disclosure=market.disclosure,
        closes_at=market.closes_at,
        categories=frozenset(lot.category or NO_CATEGORY for lot in lots),
        counterparties=sellers,
        new_counterparty=not (look_back and sellers <= _dealt_with(agent.principal_id, sellers)),
    )


def weigh(*, chain: Chain, act: Act, at: datetime) -> Weighed:
    """Refused where the mandate forbids it or a ceiling has no room; nothing is taken yet."""
    verdict = chain.decide(act, at)
    if verdict.word == NEVER:
        raise denied(chain, verdict)
    ceilings.refuse_beyond(chain, act.currency, act.more_minor, at)
    purse, choices = purse_for(chain, act, at)
    if purse is None:
        verdict = Verdict(ASK, (*verdict.reasons, "purse"))
    return Weighed(verdict, purse or "", choices)


def looks_back(chain: Chain) -> bool:
    """Whether any mandate of the chain could ask about the past at all."""
    return any(link.document is not HOUSE for link in chain.links)


def _dealt_with(principal_id: int, sellers: frozenset[str]) -> set[str]:
    """Those of the sellers whom this principal has paid before."""
    paid = Participation.objects.filter(
        agent__principal_id=principal_id,
        authorisation__captured_minor__gt=0,
        market__lots__seller__ref__in=sellers,
    )
    return set(paid.values_list("market__lots__seller__ref", flat=True))
