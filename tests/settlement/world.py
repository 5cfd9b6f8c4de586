"""A world in virtual time: our settlement, the Stripe sandbox with its chaos, and webhooks that come as they like."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import stripe
from django.conf import settings
from django.test import RequestFactory

from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.settlement import pacing, services, work
from marketplace.settlement.authorisations import HOLD
from marketplace.settlement.charges import CHARGE
from marketplace.settlement.collects import CAPTURE
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.payouts import TRANSFER
from marketplace.settlement.refunds import REFUND, REVERSAL
from marketplace.settlement.releases import RELEASE
from marketplace.settlement.sweeps import SWEEPS
from marketplace.settlement.webhooks import stripe_webhook
from marketplace.stripe_sandbox import chaos
from marketplace.stripe_sandbox import clock as their_clock
from marketplace.stripe_sandbox.objects.event import Event
from tests.settlement.plans import CARD, LATER, LEAST, PREPAID, Plan, at_rest, purse_faults
from tests.settlement.stories import Sale, payee, payer

OPERATIONS = (HOLD, CAPTURE, CHARGE, RELEASE, TRANSFER, REVERSAL, REFUND)
POSTS = list(chaos.CALL_FAULTS)
MOST = 5_000  # that anybody joins for
PAID_IN = 10_000
GETS = ["500_before", "429", "timeout_before", "409"]


class VirtualClock:
    """Stands still until it is told to go on; ours and Stripe's go together."""

    def __init__(self) -> None:
        self.start = self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        their_clock.set_ahead((self.at - datetime.now(UTC)).total_seconds())


class World:
    """Everything random in it comes from one seed."""

    def __init__(self, seed: int, patch: Callable[[object, str, object], None], *, buyers: int = 12) -> None:
        self.seed, self.dice, self.clock = seed, random.Random(seed), VirtualClock()
        random.seed(seed)
        patch(clock, "now", self.clock.now)
        patch(work, "THREADS", 1)  # one after the other, so that the seed decides
        patch(pacing, "PAUSE_SECONDS", 0.0)  # nobody sleeps in virtual time
        self.buyers = [payer() for _ in range(buyers)]
        self.plans: list[Plan] = []
        self.counts: Counter[str] = Counter()
        self.paid_in: Counter[str] = Counter()  # by principal
        self.names = itertools.count()
        for buyer in [payer(), *self.buyers[::4]]:  # the first leaves the platform something to pay small charges with
            self._pay_in(buyer, PAID_IN)
        self.sellers = [payee() for _ in range(2)]
        self.told = ""  # the newest event that was told, or was not
        self.missing, self.duplicate, self.late, self.shuffled = 0.3, 0.2, 0.2, True  # of the webhooks
        self.held_back: list[Event] = []

    def break_everything(self, rate: float) -> None:
        """So many of all calls go wrong, in any way that chaos knows."""
        posts = {"match": "^POST", "fault": POSTS, "rate": rate, "times": -1}
        gets = {"match": "^GET", "fault": GETS, "rate": rate, "times": -1}
        chaos.script([posts, gets], seed=self.dice.randrange(2**32))

    def break_one(self, fault: str, path: str) -> None:
        """Calls of one kind meet one fault, a few times, not always the first."""
        times, skip = self.dice.randint(1, 4), self.dice.randint(0, 2)
        chaos.script([{"match": path, "fault": fault, "times": times, "skip": skip}], seed=self.seed)

    def webhooks_are(self, fault: str) -> None:
        """All of them, and in no other way."""
        self.missing, self.duplicate = float(fault == "missing"), float(fault == "duplicate")
        self.late, self.shuffled = float(fault == "late"), fault == "reorder"

    def heal(self) -> None:
        """Stripe is itself again."""
        chaos.script([])

    def market(self, winners: int, *, outsider: bool = False) -> Plan:
        """A market is joined and cleared while things fail, and swept in any order."""
        plan = Plan(Sale(seller=self.sellers[0]), self.sellers)
        self.plans.append(plan)
        rows = [self._join(plan, buyer) for buyer in self.buyers]
        self.clock.advance(work.GRACE.total_seconds() + 1)  # as if the joins' own callers had died
        self._until(lambda: not Authorisation.objects.filter(pk__in=[r.pk for r in rows], state__in=ASKED).exists())
        for row in self.dice.sample(rows, winners):
            plan.charges[row.reference] = self._charge(plan, row.reference)
        held = [ref for ref, charge in plan.charges.items() if plan.pays[ref] == CARD and charge >= LEAST]
        if outsider and held:
            plan.gone = self.dice.choice(sorted(held))
        self._clear(plan)
        return plan

    def _charge(self, plan: Plan, reference: str) -> int:
        """Some are too small for any card."""
        small = plan.pays[reference] == PREPAID or self.dice.random() < 0.2
        return self.dice.randint(1, LEAST - 1) if small else self.dice.randint(LEAST, plan.limits[reference])

    def _join(self, plan: Plan, buyer: Principal) -> Authorisation:
        limit, pays = self.dice.randint(LEAST, MOST), self.dice.choice([CARD, CARD, CARD, LATER])
        if buyer in self.buyers[::4]:
            limit, pays = LEAST, PREPAID
            if self.dice.random() < 0.1:
                self._pay_in(buyer, LEAST)
        ahead = self.dice.random() < 0.2
        hold = {CARD: (limit, 0), LATER: (0, limit), PREPAID: (limit, 0)}[pays]
        row = plan.sale.reserved(hold[0], buyer, later_minor=hold[1], prepaid=pays == PREPAID)
        if ahead and pays == CARD:
            services.authorise(authorisation=row)
        plan.limits[row.reference], plan.pays[row.reference] = limit, pays
        plan.buyers[row.reference] = buyer.ref
        self.counts["holds"] += pays == CARD
        return row

    def _pay_in(self, buyer: Principal, amount: int) -> None:
        """What a top-up was not answered, sweeps find out."""
        services.top_up(
            principal=buyer, currency="EUR", amount_minor=amount, name=f"top-{self.seed}-{next(self.names)}"
        )
        self.paid_in[buyer.ref] += amount
        self.counts["top-ups"] += 1

    def _clear(self, plan: Plan) -> None:
        total = sum(plan.charges.values())
        first = self.dice.randint(0, total)
        kept = plan.kept = self.dice.randint(0, min(5, total - first))
        plan.fee = first // 10
        plan.payouts = {
            f"s1:{plan.sale.seller_ref}": first - plan.fee,
            f"s2:{plan.sale.seller_ref}": total - first - kept,
        }
        if plan.gone:
            self._cancel_at_stripe(plan.gone)
        with work.transaction.atomic():
            services.record_obligations(
                journal=plan.sale.journal,
                round_ref=plan.sale.round_ref,
                collects=plan.charges,
                payouts=plan.payouts,
                principals=dict(zip(plan.payouts, [seller.pk for seller in self.sellers], strict=True)),
                fees={f"s1:{plan.sale.seller_ref}": plan.fee},
                surplus_minor=kept,
                residue_minor=0,
            )
        self.counts["settlements"] += len(plan.charges)
        for reference, charge in plan.charges.items():
            self.counts[plan.pays[reference] if charge >= LEAST else "small"] += 1

    def _cancel_at_stripe(self, reference: str) -> None:
        hold = Authorisation.objects.get(reference=reference)
        self.heal()
        stripe_client().v1.payment_intents.cancel(hold.payment_intent)

    def run(self, plan: Plan, rate: float, steps: int) -> float:
        """Sweep in any order while things fail, heal, then until all rests; the virtual seconds that took."""
        self.break_everything(rate)
        for _ in range(steps):
            self.step()
        self.heal()
        since = self.clock.at
        self._until(lambda: at_rest() and services.unsettled_count(plan.sale.journal) == 0)
        return (self.clock.at - since).total_seconds()

    def finish(self, plan: Plan) -> float:
        """Until all of the market rests, however the script goes on; the virtual seconds that took."""
        since = self.clock.at
        for _ in range(4):
            self.step()
        self._until(lambda: at_rest() and services.unsettled_count(plan.sale.journal) == 0)
        return (self.clock.at - since).total_seconds()

    def step(self) -> None:
        """One sweep, or some webhooks, or time."""
        act = self.dice.random()
        if act < 0.55:
            self.dice.choice(SWEEPS).claim_and_run()
        elif act < 0.6:
            self.two_workers()
        elif act < 0.7:
            self.deliver()
        else:
            self.clock.advance(self.dice.uniform(0.05, 3.0))

    def two_workers(self) -> None:
        """One was slow and its lease ran out: both ask, and both write down what they were told."""
        operation = self.dice.choice(OPERATIONS)
        turns = work.take(operation, operation.rows())
        for _ in range(2):
            work.carry_out(operation, turns)

    def refund(self, plan: Plan) -> None:
        """One of those who paid gets all of it back."""
        row = (
            Obligation.objects.filter(round_ref=plan.sale.round_ref, kind="collect", state="paid")
            .order_by("pk")
            .first()
        )
        if row is not None:
            services.refund(obligation=row)
            plan.refunded = row.reference

    def _until(self, rested: Callable[[], bool]) -> None:
        """Go on, a second at a time."""
        for _ in range(2000):
            for sweep in self.dice.sample(SWEEPS, len(SWEEPS)):
                sweep.claim_and_run()
            if rested():
                return
            self.clock.advance(1.0)
        raise AssertionError(f"seed {self.seed}: it does not come to rest")

    def deliver(self) -> None:
        """Some of Stripe's events arrive: in any order, some twice, some only the next time, some never."""
        fresh = list(Event.objects.filter(pk__gt=self.told).order_by("pk"))
        self.told = fresh[-1].pk if fresh else self.told
        chosen = [event for event in fresh if self.dice.random() >= self.missing]
        late = [event for event in chosen if self.dice.random() < self.late]
        now = [event for event in chosen if event not in late] + self.held_back
        self.held_back = late
        if self.shuffled:
            self.dice.shuffle(now)
        for event in now + [event for event in now if self.dice.random() < self.duplicate]:
            post_event(event)

    def faults(self, plan: Plan) -> list[str]:
        """What is wrong at the end with this market."""
        return [f"seed {self.seed}: {text}" for text in plan.faults()]

    def purse_faults(self) -> list[str]:
        """What is wrong with the buyers' money over all markets."""
        return [f"seed {self.seed}: {text}" for text in purse_faults(self.plans, self.buyers, self.paid_in)]


ASKED = (Authorisation.State.PENDING, Authorisation.State.UNKNOWN)


def stripe_client() -> stripe.StripeClient:
    """A client of an outsider's, with no chaos of its own."""
    from marketplace.settlement import gateway  # noqa: PLC0415 - tests replace its client

    return gateway.client()


def post_event(event: Event) -> int:
    """Bring one event to our door, signed as Stripe signs; the status."""
    body = json.dumps(event.as_json())
    header = stripe.WebhookSignature.generate_signature_header(body, settings.STRIPE_WEBHOOK_SECRET)
    request = RequestFactory().post(
        "/webhooks/stripe/", body.encode(), content_type="application/json", headers={"stripe-signature": header}
    )
    return stripe_webhook(request).status_code
