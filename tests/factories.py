"""Ready-made rows and objects; whatever has a service is made by that service."""

import json
import uuid
from datetime import datetime, timedelta

import factory
import msgspec
from django.utils import timezone

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity, identify
from marketplace.agents.models import Agent, Principal
from marketplace.agents.services import register_agent
from marketplace.bidding import turns
from marketplace.bidding.intake import committer
from marketplace.bidding.models import Move, Participation
from marketplace.bidding.moves import Made, submit_move
from marketplace.bidding.participations import join_market
from marketplace.bidding.submissions import Submission, read_submission
from marketplace.core import streams
from marketplace.core.refs import new_ref
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.services import create_market, open_market
from marketplace.markets.terms import terms_of
from marketplace.settlement.services import add_payment_method
from mechanisms.moves import written
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

    def move(self, market: Market, type: str, key: str | None = None, n: int | None = None, **data: object) -> Made:
        """Move through the service."""
        value = {"type": type, "data": data} | ({} if n is None else {"n": n})
        return submit_move(
            value=json.loads(json.dumps(value)),
            key=key or str(uuid.uuid4()),
            identity=self.identity,
            terms=terms_of(market.ref),
        )

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


def open_a_haggle(seller: Trader, **stated: object) -> Market:
    """A stay to be haggled over in price, breakfast and cancellation; the traveller pays the hotel the price."""
    issues = {"price": list(range(8000, 20001, 500)), "breakfast": ["yes", "no"], "cancellation": ["free", "none"]}
    agenda = {"issues": issues, "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}]}
    lots = [{"id": "stay", "seller": seller.agent.ref}]
    defaults = {"mechanism": "alternating_offers", "params": {"answer_s": 60}, "lots": lots, "agenda": agenda}
    return open_a_market(**{**defaults, "disclosure": "own_only", **stated})


def time_is_up(market: Market) -> None:
    """Let the turn's deadline be over, as the database's clock sees it: every instant of the market moves back."""
    row = Market.objects.get(pk=market.pk)
    assert row.turn_due_at is not None
    back = row.turn_due_at - timezone.now() + timedelta(seconds=1)
    row.turn_due_at, row.closes_at = row.turn_due_at - back, row.closes_at - back
    row.course = {name: written(datetime.fromisoformat(at) - back) for name, at in row.course.items()}
    row.save(update_fields=["turn_due_at", "closes_at", "course"])
    for move in Move.objects.filter(market=row):
        Move.objects.filter(pk=move.pk).update(at=move.at - back)
    turns.forget_all()


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
