"""No interleaving of joins, raises, approvals, clearings and reversals exceeds a ceiling: a state machine."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from marketplace.agents.models import Agent
from marketplace.core import clock
from marketplace.core.refusals import Refusal
from marketplace.mandates import ceilings, documents
from marketplace.mandates.acts import Act
from marketplace.mandates.checkins import answer_checkin, ask, finish
from marketplace.mandates.grants import grant_mandate, locked_chain, make_subagent
from marketplace.mandates.models import CheckIn, Commitment
from marketplace.mandates.policies import Verdict
from tests.factories import Trader

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
BOUNDS = {"day_minor": 300, "standing_minor": 200, "total_minor": 700}
amounts = st.sampled_from((10, 50, 120, 200, 250))


@dataclass
class Part:
    """What one act has taken, as the model remembers it."""

    day: date
    amount: int
    standing: bool = True


@dataclass
class Deal:
    """A participation: whose, what each of its acts has taken, and what it was charged in the end."""

    agent: Agent
    parts: list[Part] = field(default_factory=list)
    ended: bool = False
    spent: int = 0
    lifting: bool = False  # one raise at a time, as the participation's own rows hold it


@dataclass
class Question:
    """A check-in under way: `raises` or joins; answered with yes, it is still to be carried out."""

    ref: str
    reference: str
    raises: bool
    amount: int
    approved: bool = False


class Spending(RuleBasedStateMachine):
    """An agent and a sub-agent that join, raise, ask, are answered, settle and are paid back; a model keeps the sums.

    Days pass by moving all that was to the day before; it is about noon where these people live, so that no real
    midnight comes between.
    """

    def __init__(self) -> None:
        super().__init__()
        self.parent = Trader(card=None).agent
        self.principal = self.parent.principal
        self.principal.time_zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
        self.principal.save()
        document = documents.read({"ceilings": {"EUR": BOUNDS}})
        grant_mandate(agent=self.parent, document=document, by="prn_x")
        self.child, _ = make_subagent(parent=self.parent, name="sub", document=document)
        self.deals: dict[str, Deal] = {}
        self.questions: list[Question] = []

    @rule(amount=amounts, below=st.booleans())
    def join(self, amount: int, below: bool) -> None:
        """A joining, by the agent or its sub-agent."""
        self._commit(self.child if below else self.parent, uuid.uuid4().hex, amount)

    @precondition(lambda self: self.open())
    @rule(amount=st.sampled_from((10, 100)), data=st.data())
    def lift(self, amount: int, data: st.DataObject) -> None:
        """A raise of something that stands; its part counts on its own day."""
        reference = data.draw(st.sampled_from(self.open()))
        self._commit(self.deals[reference].agent, reference, amount)

    @rule(amount=amounts, below=st.booleans())
    def ask_to_join(self, amount: int, below: bool) -> None:
        """The person is asked about a joining; nothing is taken for that."""
        self._ask(self.child if below else self.parent, Question("", uuid.uuid4().hex, False, amount))

    @precondition(lambda self: self.open())
    @rule(amount=st.sampled_from((10, 100)), data=st.data())
    def ask_to_lift(self, amount: int, data: st.DataObject) -> None:
        """The person is asked about a raise."""
        reference = data.draw(st.sampled_from(self.open()))
        self.deals[reference].lifting = True
        self._ask(self.deals[reference].agent, Question("", reference, True, amount))

    @precondition(lambda self: self.asked(approved=False))
    @rule(data=st.data(), word=st.sampled_from(("yes", "yes", "no")))
    def answer(self, data: st.DataObject, word: str) -> None:
        """The person answers, whatever has happened since it was asked; a yes takes the ceilings now, or is refused."""
        question = data.draw(st.sampled_from(self.asked(approved=False)))
        row = CheckIn.objects.get(ref=question.ref)
        said = {"principal": self.principal, "user": None, "word": word, "digest": row.digest}
        if word == "yes" and not self._fits(row.agent, question.amount):
            refused("mandate_exceeded", lambda: answer_checkin(ref=question.ref, **said))
            return
        answer_checkin(ref=question.ref, **said)
        refused("checkin_answered", lambda: answer_checkin(ref=question.ref, **said))
        if word == "yes":
            question.approved = True
            self._remember(row.agent, question.reference, question.amount)
        else:
            self._over(question)

    @precondition(lambda self: self.asked(approved=True))
    @rule(data=st.data(), possible=st.booleans())
    def carry_out(self, data: st.DataObject, possible: bool) -> None:
        """What was approved is done; or it has become impossible, and what the approval took is free again."""
        question = data.draw(st.sampled_from(self.asked(approved=True)))
        deal = self.deals[question.reference]
        void = deal.ended or not possible
        finish(row=CheckIn.objects.get(ref=question.ref), outcome="market_not_open" if void else "")
        if void and question.raises:
            ceilings.undo_last(reference=question.reference)
            standing = [part for part in deal.parts if part.standing]
            if standing:
                standing[-1].amount = 0
        elif void:
            self._end(question.reference, 0)
        self._over(question)

    @precondition(lambda self: self.standing())
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        """A market clears: something up to the limit is charged; what is found standing later ends with it."""
        reference = data.draw(st.sampled_from(self.standing()))
        deal = self.deals[reference]
        waiting = [each for each in self.asked(approved=True) if each.reference == reference]
        if any(not each.raises for each in waiting):
            return  # a joining that is not carried out yet has no hold that could be captured
        most = sum(part.amount for part in deal.parts) - sum(each.amount for each in waiting)
        self._end(reference, deal.spent if deal.ended else data.draw(st.integers(0, most)))

    @precondition(lambda self: self.ended())
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        """What was charged is paid back."""
        reference = data.draw(st.sampled_from(self.ended()))
        ceilings.reverse_commitment(reference=reference)
        self.deals[reference].spent = 0
        for part in self.deals[reference].parts:
            part.amount = part.amount if part.standing else 0

    @rule()
    def next_day(self) -> None:
        """Midnight passes."""
        for row in Commitment.objects.all():
            Commitment.objects.filter(pk=row.pk).update(day=row.day - timedelta(days=1))
        for deal in self.deals.values():
            for part in deal.parts:
                part.day -= timedelta(days=1)

    def _ask(self, agent: Agent, question: Question) -> None:
        before = sum(part.amount for part in self.deals[question.reference].parts) if question.raises else 0
        now = clock.now()
        act = Act(
            kind="raise" if question.raises else "join",
            market="mkt_x",
            title="",
            currency="EUR",
            limit_minor=before + question.amount,
            more_minor=question.amount,
            mechanism="second_price",
            disclosure="own_only",
            closes_at=now + timedelta(days=1),
        )
        with transaction.atomic():
            chain, verdict = locked_chain(agent.pk), Verdict("ask", ("ask:0",))
            named = {"reference": question.reference, "waiting": uuid.uuid4().hex, "purses": []}
            question.ref = ask(chain=chain, act=act, verdict=verdict, at=now, **named).ref
        self.questions.append(question)

    def _over(self, question: Question) -> None:
        self.questions.remove(question)
        if question.raises:
            self.deals[question.reference].lifting = False

    def _commit(self, agent: Agent, reference: str, amount: int) -> None:
        with transaction.atomic():
            chain = locked_chain(agent.pk)
            act = {"chain": chain, "reference": reference, "currency": "EUR", "more_minor": amount, "at": clock.now()}
            if not self._fits(agent, amount):
                refused("mandate_exceeded", lambda: ceilings.commit(**act))
                return
            ceilings.commit(**act)
        self._remember(agent, reference, amount)

    def _fits(self, agent: Agent, amount: int) -> bool:
        holders = [self.parent] if agent == self.parent else [self.parent, self.child]
        return all(used + amount <= BOUNDS[name] for holder in holders for name, used in self.sums(holder).items())

    def _remember(self, agent: Agent, reference: str, amount: int) -> None:
        self.deals.setdefault(reference, Deal(agent)).parts.append(Part(self.today(), amount))

    def _end(self, reference: str, spent: int) -> None:
        assert ceilings.end_commitment(reference=reference, spent_minor=spent)
        assert not ceilings.end_commitment(reference=reference, spent_minor=spent)
        deal = self.deals[reference]
        deal.ended, deal.spent = True, spent
        for part in deal.parts:
            part.amount, part.standing = min(part.amount, spent), False
            spent -= part.amount

    def today(self) -> date:
        """The day where the principal lives."""
        return ceilings.day_of(clock.now(), self.principal.time_zone)

    def open(self) -> list[str]:
        """What stands and is not being raised: the market is open, and an act of the joining was done."""
        waiting = {question.reference for question in self.questions if not question.raises}
        idle = [reference for reference, deal in self.deals.items() if not deal.ended and not deal.lifting]
        return [reference for reference in idle if reference not in waiting]

    def standing(self) -> list[str]:
        """What stands, by some act at least."""
        return [ref for ref, deal in self.deals.items() if any(part.standing for part in deal.parts)]

    def ended(self) -> list[str]:
        """What has ended."""
        return [reference for reference, deal in self.deals.items() if deal.ended]

    def asked(self, *, approved: bool) -> list[Question]:
        """Check-ins that wait for the person, or, approved, for being carried out."""
        return [question for question in self.questions if question.approved == approved]

    def sums(self, holder: Agent) -> dict[str, int]:
        """The model's sums for one holder: the parent holds for its sub-agent too."""
        deals = [deal for deal in self.deals.values() if holder == self.parent or deal.agent == self.child]
        parts, today = [part for deal in deals for part in deal.parts], self.today()
        return {
            "day_minor": sum(part.amount for part in parts if part.day == today),
            "standing_minor": sum(part.amount for part in parts if part.standing),
            "total_minor": sum(part.amount for part in parts),
        }

    @invariant()
    def no_ceiling_is_exceeded_and_the_rows_say_what_the_model_says(self) -> None:
        for holder in (self.parent, self.child):
            sums = self.sums(holder)
            rows = Commitment.objects.filter(holder=holder)
            assert all(sums[name] <= bound for name, bound in BOUNDS.items())
            assert sum(rows.filter(standing=True).values_list("amount_minor", flat=True)) == sums["standing_minor"]
            assert sum(rows.filter(day=self.today()).values_list("amount_minor", flat=True)) == sums["day_minor"]
            assert sum(rows.values_list("amount_minor", flat=True)) == sums["total_minor"]


def refused(code: str, act) -> None:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def test_a_state_machine_of_spending_keeps_every_ceiling():
    run_state_machine_as_test(Spending, settings=settings(max_examples=6, stateful_step_count=16, deadline=None))


@pytest.mark.prove
def test_a_state_machine_of_spending_at_length():
    run_state_machine_as_test(Spending, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))
