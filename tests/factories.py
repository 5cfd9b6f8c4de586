"""Ready-made rows and objects; whatever has a service is made by that service."""

import json
import uuid
from datetime import timedelta

import factory
import msgspec
from django.utils import timezone

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity, identify
from marketplace.agents.models import Agent, Principal
from marketplace.agents.services import register_agent
from marketplace.bidding.intake import committer
from marketplace.bidding.models import Participation
from marketplace.bidding.participations import join_market
from marketplace.bidding.submissions import Submission, read_submission
from marketplace.core import streams
from marketplace.core.refs import new_ref
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.services import create_market, open_market
from marketplace.markets.terms import terms_of
from marketplace.settlement.services import add_payment_method
from tests.onboarding import onboard


class PrincipalFactory(factory.django.DjangoModelFactory):
    """A person."""

    class Meta:
        model = Principal

    ref = factory.LazyFunction(lambda: new_ref("prn"))
    name = factory.Sequence(lambda n: f"Person {n}")
    created_at = factory.LazyFunction(timezone.now)


class AgentFactory(factory.django.DjangoModelFactory):
    """An agent of a person of its own."""

    class Meta:
        model = Agent

    ref = factory.LazyFunction(lambda: new_ref("agt"))
    name = factory.Sequence(lambda n: f"agent-{n}")
    principal = factory.SubFactory(PrincipalFactory)
    created_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def inbox(self, create: bool, extracted: object, **kwargs: object) -> None:
        """Every agent has one."""
        streams.open_stream(inbox_of(self.ref))


class LotFactory(factory.DictFactory):
    """A lot as an operator states it."""

    id = "room"
    reserve = 0


class ConfigurationFactory(factory.DictFactory):
    """A market as an operator states it."""

    title = factory.Sequence(lambda n: f"Market {n}")
    mechanism = "second_price"
    currency = "EUR"
    lots = factory.List([factory.SubFactory(LotFactory)])
    closes_in_s = 3600
    disclosure = "pseudonymous"


class Trader:
    """An agent with a key, and a card or a payout account."""

    def __init__(self, *, card: str | None = "pm_card_visa", payout: bool = False, scope: str = "trade") -> None:
        self.agent, self.key = register_agent(name="trader", principal_name="A. Trader", scope=scope)
        self.identity: Identity = identify(self.key)
        if card:
            add_payment_method(principal=self.agent.principal, token=card)
        if payout:
            onboard(self.agent.principal)

    def headers(self, key: str | None = None) -> dict[str, str]:
        """Headers of a POST."""
        return {"Authorization": f"Bearer {self.key}", "Idempotency-Key": key or str(uuid.uuid4())}

    def join(self, market: Market, limit_minor: int = 100_00) -> Participation:
        """Join through the service."""
        return join_market(market=market, identity=self.identity, limit_minor=limit_minor, key=str(uuid.uuid4()))

    def bid(self, market: Market, body: dict, key: str | None = None):
        """Bid through the committer; the decision, or the refusal raised."""
        return self.send(submitted(self, market, body, key))

    def send(self, submission: Submission):
        """The same for a bid that was read before."""
        decision = committer.submit(submission).result(30)
        if decision.refusal is not None:
            raise decision.refusal
        return decision


def submitted(trader: Trader, market: Market, body: dict, key: str | None = None) -> Submission:
    """A bid as it is read from a request."""
    value, name = json.loads(json.dumps(body)), key or str(uuid.uuid4())
    return read_submission(value=value, key=name, identity=trader.identity, terms=terms_of(market.ref))


def open_a_market(**stated: object) -> Market:
    """A market that is open now and for an hour; `stated` overrides the configuration."""
    market = create_market(config=msgspec.convert(ConfigurationFactory(**stated), MarketConfiguration))
    open_market(market=market)
    market.refresh_from_db()
    return market


def close_now(market: Market) -> None:
    """Let the market's time be over, as the database's clock sees it."""
    now = timezone.now()
    Market.objects.filter(pk=market.pk).update(opens_at=now - timedelta(hours=1), closes_at=now - timedelta(seconds=1))


def buy(lot: str, value: int, quantity: int = 1) -> dict:
    """A bid for one bundle of one lot."""
    return {"atoms": [{"bundle": {lot: quantity}, "value": value}]}


def curve(lot: str, *steps: tuple[int, int]) -> dict:
    """A demand (positive quantities) or supply (negative) of (quantity, price) steps."""
    return {"steps": [{"lot": lot, "quantity": quantity, "price": price} for quantity, price in steps]}
