"""No interleaving of joins, raises, approvals, clearings and reversals exceeds a ceiling."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from marketplace.agents import keys
from marketplace.bidding.models import Participation
from marketplace.bidding.participations import join_market
from marketplace.bidding.raises import raise_limit
from marketplace.core.refusals import Refusal
from marketplace.mandates import ceilings, documents
from marketplace.mandates.grants import chain_of, grant_mandate, locked_chain, make_subagent, stop_agent
from marketplace.mandates.models import Commitment
from marketplace.settlement.models import Authorisation
from marketplace.settlement.services import release_hold
from tests.factories import Trader, buy, close_now, open_a_market
from tests.mandates.people import Person, swept

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
EUR = {"ceilings": {"EUR": {"deal_minor": 10000, "day_minor": 20000, "standing_minor": 15000}}}


def refused(code: str, act) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def test_a_deal_a_day_and_what_stands_are_bounded():
    person, markets = Person(EUR), [open_a_market() for _ in range(3)]
    assert refused("mandate_denied", lambda: person.join(markets[0], 15000)).extra == {"reasons": ["deal"]}
    person.join(markets[0], 10000)
    beyond = refused("mandate_exceeded", lambda: person.join(markets[1], 7500))
    assert beyond.extra == {"ceiling": "standing"}
    assert "150.00 EUR at one time" in beyond.detail
    person.join(markets[1], 5000)
    for hold in Authorisation.objects.filter(principal=person.principal):
        release_hold(authorisation=hold)
    swept("settlement mandates.ended")
    person.join(markets[2], 10000)  # what was let go of is free again, for the day too
    assert not Participation.objects.filter(agent=person.agent).exclude(state="active").exists()


def test_what_was_charged_counts_for_the_day_and_no_more_for_what_stands(swept):
    person = Person({"ceilings": {"EUR": {"day_minor": 10000, "standing_minor": 10000}}})
    rival, market = Trader(), open_a_market(lots=[{"id": "room", "seller": Trader(payout=True).agent.ref}])
    person.join(market, 10000)
    rival.join(market, 10000)
    person.bid(market, buy("room", 10000))
    rival.bid(market, buy("room", 3000))
    close_now(market)
    swept()
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 0
    other = open_a_market()
    assert refused("mandate_exceeded", lambda: person.join(other, 7500)).extra == {"ceiling": "day"}
    person.join(other, 5000)


def test_a_currency_without_a_ceiling_is_not_covered():
    person = Person(EUR)
    pounds = open_a_market(currency="GBP")
    assert refused("mandate_denied", lambda: person.join(pounds, 5000)).extra == {"reasons": ["currency"]}


def test_the_day_begins_where_the_principal_lives():
    evening = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert str(ceilings.day_of(evening, "Europe/Amsterdam")) == "2026-11-25"
    assert str(ceilings.day_of(evening, "America/New_York")) == "2026-11-24"


def test_sixteen_join_at_once_and_never_more_than_the_ceiling():
    person = Person({"ceilings": {"EUR": {"standing_minor": 50000}}})
    markets = [open_a_market() for _ in range(16)]

    def join(market) -> str:
        try:
            person.join(market, 10000)
            return "joined"
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(join, markets))
    assert sorted(outcomes) == ["joined"] * 5 + ["mandate_exceeded"] * 11
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 50000


def test_a_sub_agent_is_narrower_and_shares_its_parents_ceilings():
    person, markets = Person(EUR), [open_a_market() for _ in range(3)]
    wider = documents.read({"ceilings": {"EUR": {"deal_minor": 15000, "day_minor": 20000, "standing_minor": 15000}}})
    refusal = refused("mandate_wider", lambda: make_subagent(parent=person.agent, name="x", document=wider))
    assert refusal.extra == {"wider": ["ceilings/EUR/deal_minor"]}
    narrower = documents.read(EUR | {"mechanisms": ["second_price"]})
    child, key = make_subagent(parent=person.agent, name="x", document=narrower)
    person.join_as(key, markets[0], 10000)
    assert refused("mandate_exceeded", lambda: person.join(markets[1], 7500)).extra == {"ceiling": "standing"}
    known = keys.identify(key)
    stop_agent(agent=person.agent)
    cached = {"market": markets[2], "identity": known, "limit_minor": 5000, "key": "k"}  # as another process has it yet
    assert refused("mandate_denied", lambda: join_market(**cached)).extra == {"reasons": ["revoked"]}
    assert refused("key_revoked", lambda: person.join_as(key, markets[2], 5000)).status == 401
    assert all(link.revoked for link in chain_of(child).links)


def test_a_raise_is_an_act_of_its_own_and_swaps_the_hold(swept):
    person, market = Person({"ceilings": {"EUR": {"standing_minor": 10000}}}), open_a_market()
    part = person.join(market, 5000)
    lift = {"market": market, "identity": person.identity}
    refused("limit_not_raised", lambda: raise_limit(**lift, limit_minor=5000, key="a"))
    refused("mandate_exceeded", lambda: raise_limit(**lift, limit_minor=15000, key="b"))
    row = raise_limit(**lift, limit_minor=10000, key="c")
    assert raise_limit(**lift, limit_minor=10000, key="c").pk == row.pk
    refused("idempotency_key_reused", lambda: raise_limit(**lift, limit_minor=7500, key="c"))
    part.refresh_from_db()
    assert (row.state, part.limit_minor, part.authorisation.reference) == ("done", 10000, part.ref)
    rival = Trader()
    rival.join(market, 10000)
    rival.bid(market, buy("room", 7500))
    person.bid(market, buy("room", 10000))  # above the first limit
    close_now(market)
    swept()
    states = dict(Authorisation.objects.filter(principal=person.principal).values_list("amount_minor", "state"))
    assert states == {5000: "released", 10000: "captured"}
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 0


def test_a_raise_that_the_card_refuses_leaves_all_as_it_was():
    person, market = Person({"ceilings": {"EUR": {"standing_minor": 20000}}}), open_a_market()
    person.join(market, 5000)
    person_card = person.principal.payment_methods.get()
    person_card.stripe_payment_method = "pm_card_visa_chargeDeclined"
    person_card.save()
    stated = {"market": market, "identity": person.identity, "limit_minor": 10000, "key": "r"}
    refused("payment_declined", lambda: raise_limit(**stated))
    assert Participation.objects.get(agent=person.agent).limit_minor == 5000
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 5000


class Spending(RuleBasedStateMachine):
    """An agent and a sub-agent that join, raise, settle, reverse and are granted anew; a model keeps the sums."""

    def __init__(self) -> None:
        super().__init__()
        trader = Trader(card=None)
        self.bounds = {"day_minor": 300, "standing_minor": 200, "total_minor": 700}
        self.parent = trader.agent
        self._grant(self.parent)
        self.child, _ = make_subagent(parent=self.parent, name="sub", document=self._document())
        self.taken: dict[str, dict] = {}
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def _document(self) -> documents.Document:
        return documents.read({"ceilings": {"EUR": self.bounds}})

    def _grant(self, agent) -> None:
        grant_mandate(agent=agent, document=self._document(), by="prn_x")

    @rule(amount=st.sampled_from((10, 50, 120, 200, 250)), below=st.booleans())
    def join(self, amount: int, below: bool) -> None:
        """A joining, by the agent or its sub-agent."""
        self._commit(self.child if below else self.parent, uuid.uuid4().hex, amount)

    @precondition(lambda self: self.standing())
    @rule(amount=st.sampled_from((10, 100)), data=st.data())
    def lift(self, amount: int, data) -> None:
        """A raise of something that stands; its part counts on its own day."""
        reference = data.draw(st.sampled_from(self.standing()))
        self._commit(self.taken[reference]["agent"], reference, amount)

    def _commit(self, agent, reference: str, amount: int) -> None:
        fits = all(
            used + amount <= self.bounds[name]
            for holder in ([self.parent] if agent is self.parent else [self.parent, self.child])
            for name, used in self.sums(holder).items()
        )
        chain = locked_chain_of(agent)
        act = {"chain": chain, "reference": reference, "currency": "EUR", "more_minor": amount, "at": self.at}
        if not fits:
            refused("mandate_exceeded", lambda: ceilings.commit(**act))
            return
        ceilings.commit(**act)
        found = self.taken.setdefault(reference, {"agent": agent, "parts": [], "standing": True})
        found["parts"].append([self.at.date(), amount])

    @precondition(lambda self: self.standing())
    @rule(data=st.data())
    def clear(self, data) -> None:
        """A market clears: something up to the limit is charged."""
        reference = data.draw(st.sampled_from(self.standing()))
        found = self.taken[reference]
        spent = data.draw(st.integers(0, sum(amount for _, amount in found["parts"])))
        assert ceilings.end_commitment(reference=reference, spent_minor=spent)
        assert not ceilings.end_commitment(reference=reference, spent_minor=spent)
        found["standing"] = False
        for part in found["parts"]:
            part[1] = min(part[1], spent)
            spent -= part[1]

    @precondition(lambda self: [ref for ref in self.taken if not self.taken[ref]["standing"]])
    @rule(data=st.data())
    def reverse(self, data) -> None:
        """What was charged is paid back."""
        ended = [reference for reference, found in self.taken.items() if not found["standing"]]
        reference = data.draw(st.sampled_from(sorted(ended)))
        ceilings.reverse_commitment(reference=reference)
        for part in self.taken[reference]["parts"]:
            part[1] = 0

    @rule()
    def next_day(self) -> None:
        """Midnight passes."""
        self.at += timedelta(days=1)

    def standing(self) -> list[str]:
        """What still stands."""
        return sorted(reference for reference, found in self.taken.items() if found["standing"])

    def sums(self, holder) -> dict[str, int]:
        """The model's sums for one holder: the parent holds for its sub-agent too."""
        own = [found for found in self.taken.values() if holder is self.parent or found["agent"] is self.child]
        parts = [(found["standing"], day, amount) for found in own for day, amount in found["parts"]]
        return {
            "day_minor": sum(amount for _, day, amount in parts if day == self.at.date()),
            "standing_minor": sum(amount for standing, _, amount in parts if standing),
            "total_minor": sum(amount for _, _, amount in parts),
        }

    @invariant()
    def no_ceiling_is_exceeded_and_the_rows_say_what_the_model_says(self) -> None:
        for holder in (self.parent, self.child):
            sums = self.sums(holder)
            rows = Commitment.objects.filter(holder=holder)
            assert all(sums[name] <= bound for name, bound in self.bounds.items())
            assert sum(rows.filter(standing=True).values_list("amount_minor", flat=True)) == sums["standing_minor"]
            assert sum(rows.values_list("amount_minor", flat=True)) == sums["total_minor"]


def locked_chain_of(agent):
    """A chain as a joining has it; the machine runs alone, so the lock need not outlive the call."""
    with transaction.atomic():
        return locked_chain(agent.pk)


def test_a_state_machine_of_spending_keeps_every_ceiling():
    run_state_machine_as_test(Spending, settings=settings(max_examples=6, stateful_step_count=14, deadline=None))


@pytest.mark.prove
def test_a_state_machine_of_spending_at_length():
    run_state_machine_as_test(Spending, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))
