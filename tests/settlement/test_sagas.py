"""A refund is made as a whole or not at all: what was done for one that fails is taken back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from marketplace.core import sweeps
from marketplace.settlement import gateway, ledger, returns, services, work
from marketplace.settlement.models import Obligation, PayoutAccount, Task
from marketplace.stripe_sandbox.objects import balance
from tests.settlement.stories import Sale, all_of, payee, payer
from tests.settlement.test_admin import press
from tests.settlement.test_disputes import decided, told

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
PRICE, FIRST, SECOND, FEE, KEPT = 700, 300, 280, 20, 100


class Bundle:
    """One buyer pays two sellers; the platform keeps a fee of the first, the market a surplus."""

    def __init__(self, card: str = "pm_card_visa") -> None:
        self.sale, self.second = Sale(), payee()
        self.refs = (f"s1:{self.sale.seller_ref}", f"s2:{self.sale.seller_ref}")
        winner = self.sale.joined(1000, payer(card))
        with transaction.atomic():
            services.record_obligations(
                journal=self.sale.journal,
                round_ref=self.sale.round_ref,
                collects={winner.reference: PRICE},
                payouts=dict(zip(self.refs, (FIRST, SECOND), strict=True)),
                fees={self.refs[0]: FEE},
                principals=dict(zip(self.refs, (self.sale.seller.pk, self.second.pk), strict=True)),
                surplus_minor=KEPT,
                residue_minor=0,
            )
        sweeps.run_due()
        self.collect = Obligation.objects.get(kind="collect", journal=self.sale.journal)

    def refunded(self) -> Obligation:
        """What the button starts."""
        back = services.refund(obligation=self.collect)
        sweeps.run_due()
        back.refresh_from_db()
        return back

    def where(self) -> tuple[int, ...]:
        """The sellers' money, the fee, the surplus, and what lies in between."""
        books, journal = services.balances(self.sale.journal), self.sale.journal
        sellers = (f"payee:{self.sale.seller.ref}", f"payee:{self.second.ref}")
        own = (ledger.fee_account(journal), ledger.surplus_account(journal), journal.name)
        return tuple(books.get(account, 0) for account in (*sellers, *own))

    def withdraws(self, seller, amount: int = SECOND) -> None:
        """A seller has its money on its bank account."""
        account = PayoutAccount.objects.get(principal=seller).stripe_account
        balance.add(account, "eur", -amount)


SETTLED = (FIRST, SECOND, FEE, KEPT, 0)


def money_of_our_own() -> None:
    """The platform has more than this one sale's."""
    own = {"amount": 5000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    own["automatic_payment_methods"] = {"enabled": True, "allow_redirects": "never"}
    gateway.call(lambda client: client.v1.payment_intents.create(own))


def test_a_refund_that_stripe_declines_is_taken_back_as_a_whole():
    """The buyer went to its bank and no event has told us; the sellers have given back when Stripe says no."""
    money_of_our_own()
    bundle = Bundle("pm_card_createDispute")
    assert bundle.where() == SETTLED
    back = bundle.refunded()
    assert (back.state, "charge_disputed" in back.last_error) == ("defaulted", True)
    assert bundle.sale.states("reversal") == ["paid", "paid"]
    assert (bundle.sale.states("restore"), bundle.where()) == (["paid", "paid"], SETTLED)
    assert sorted(each["amount"] - each["amount_reversed"] for each in all_of("transfers")) == [0, 0, SECOND, FIRST]
    assert Task.objects.filter(code="refund_declined", closed_at=None).count() == 1
    told()
    decided("winning")
    told()
    assert bundle.refunded().state == "paid"
    assert (bundle.where(), bundle.sale.states("restore")) == ((0, 0, 0, 0, 0), ["refunded", "refunded"])
    assert sum(each["amount"] - each["amount_reversed"] for each in all_of("transfers")) == 0


def test_a_refund_whose_second_half_never_comes_is_given_up():
    bundle = Bundle()
    bundle.withdraws(bundle.second)
    back = bundle.refunded()
    assert (back.state, back.due_at) == ("pending", None)
    assert sorted(bundle.sale.states("reversal")) == ["paid", "pending"]
    assert Task.objects.filter(code="reversal_declined", closed_at=None).count() == 1
    operator = Client()
    operator.force_login(User.objects.create_superuser("op", password="x"))
    assert "will be paid again" in press(operator, "obligation", "give_up", back)
    assert "unchanged" in press(operator, "obligation", "give_up", back)
    sweeps.run_due()
    assert bundle.where() == SETTLED
    assert sorted(bundle.sale.states("reversal")) == ["defaulted", "paid"]
    bundle.withdraws(bundle.second, -SECOND)  # the seller comes round
    assert bundle.refunded().state == "paid"
    assert bundle.where() == (0, 0, 0, 0, 0)


def test_a_refund_of_which_a_seller_is_being_asked_is_not_given_up(loses_replies, hurry, monkeypatch):
    bundle, later = Bundle(), timedelta(hours=1)
    monkeypatch.setattr(work, "again_at", lambda *args: work.clock.now() + later)  # on however slow a machine
    loses_replies("/reversals")
    back = bundle.refunded()
    assert "unknown" in bundle.sale.states("reversal")
    assert not returns.give_up(obligation=back)
    hurry()
    sweeps.run_due()
    back.refresh_from_db()
    assert (back.state, bundle.where()) == ("paid", (0, 0, 0, 0, 0))
    assert not returns.give_up(obligation=back)


def test_paying_again_is_done_once_though_the_reply_is_lost(loses_replies, hurry):
    bundle = Bundle()
    bundle.withdraws(bundle.second)
    back = bundle.refunded()
    loses_replies("/transfers")
    assert returns.give_up(obligation=back)
    sweeps.run_due()
    hurry()
    sweeps.run_due()
    assert (bundle.sale.states("restore"), bundle.where()) == (["paid"], SETTLED)
    assert len(all_of("transfers")) == 3
