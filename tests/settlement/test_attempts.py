"""Attempts: when the same key is sent again, when a new one, and when neither."""

from datetime import timedelta

import pytest

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.settlement import services
from marketplace.settlement.models import Attempt, Obligation, PayoutAccount
from marketplace.stripe_sandbox.objects.idempotent_request import IdempotentRequest
from tests.settlement.factories import PrincipalFactory
from tests.settlement.stories import Sale, all_of, intent

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
DAY, QUIET = timedelta(hours=24), timedelta(minutes=6)


def age(first: timedelta, last: timedelta = QUIET) -> None:
    """Let every attempt have begun, and been sent last, so long ago; Stripe forgets keys after a day."""
    for attempt in Attempt.objects.all():
        attempt.first_at, attempt.last_at = attempt.first_at - first, attempt.last_at - last
        attempt.save()
    if first >= DAY:
        IdempotentRequest.objects.all().delete()


def posts(http, word):
    return [key for method, url, key in http.calls if method.upper() == "POST" and word in url]


def sold():
    """A sale whose collect is captured: only the payout is to come."""
    sale = Sale()
    winner = sale.joined(1000)
    made = sale.cleared({winner.reference: 700})
    services.advance_obligation(made[0].pk)
    return sale, made[1]


def test_the_key_is_stored_before_the_call(loses_replies):
    _sale, payout = sold()
    loses_replies("/transfers")
    services.advance_obligation(payout.pk)
    attempt = Attempt.objects.get(verb="transfer")
    assert (attempt.key, attempt.state, attempt.calls) == (f"{payout.ref}:1:transfer", "asked", 1)
    assert len(all_of("transfers")) == 1


def test_a_payout_that_was_unknown_for_a_day_is_looked_up_and_not_repeated(loses_replies, hurry):
    sale, payout = sold()
    http = loses_replies("/transfers")
    services.advance_obligation(payout.pk)
    age(DAY, DAY)
    hurry()
    sweeps.run_due()
    assert sale.states("payout") == ["paid"]
    assert len(posts(http, "/transfers")) == 1
    assert [made["amount"] for made in all_of("transfers")] == [700]
    assert Attempt.objects.get(verb="transfer").stripe_id == all_of("transfers")[0]["id"]


def test_a_payout_that_never_reached_stripe_is_a_new_attempt_after_a_day(never_arrives, hurry):
    sale, payout = sold()
    http = never_arrives("/transfers")
    services.advance_obligation(payout.pk)
    age(DAY, DAY)
    for _ in range(2):
        hurry()
        sweeps.run_due()
    assert sale.states("payout") == ["paid"]
    assert posts(http, "/transfers") == [f"{payout.ref}:1:transfer", f"{payout.ref}:2:transfer"]
    transfers = Attempt.objects.filter(verb="transfer").order_by("pk")
    assert list(transfers.values_list("state", flat=True)) == ["absent", "done"]


def test_what_may_still_be_on_its_way_is_waited_for(never_arrives, hurry):
    """The key is forgotten, but it was sent a moment ago: neither this key nor another one is sent."""
    sale, payout = sold()
    http = never_arrives("/transfers")
    services.advance_obligation(payout.pk)
    age(DAY, timedelta(0))
    hurry()
    sweeps.run_due()
    assert (sale.states("payout"), len(posts(http, "/transfers"))) == (["unknown"], 1)


def test_a_saved_failure_is_not_repeated_for_ever(saved_failure, hurry):
    """Stripe answered 500, saved it, and replays it under the key; nothing was moved, so the next key moves it."""
    sale, payout = sold()
    http = saved_failure("/transfers")
    for _ in range(3):
        hurry()
        sweeps.run_due()
    assert sale.states("payout") == ["paid"]
    one, two = f"{payout.ref}:1:transfer", f"{payout.ref}:2:transfer"
    assert posts(http, "/transfers") == [one, one, two]
    assert len(all_of("transfers")) == 1


def test_a_seller_who_is_restricted_after_a_lost_reply_is_not_paid_twice(loses_replies, hurry):
    sale, payout = sold()
    loses_replies("/transfers")
    services.advance_obligation(payout.pk)
    PayoutAccount.objects.filter(principal=sale.seller).update(state="restricted")
    hurry()
    sweeps.run_due()
    assert sale.states("payout") == ["paid"]
    assert len(all_of("transfers")) == 1


def test_a_payout_held_before_it_was_sent_keeps_its_key():
    sale, _payout = sold()
    PayoutAccount.objects.filter(principal=sale.seller).update(state="restricted")
    sweeps.run_due()
    assert sale.states("payout") == ["held_for_seller"]
    PayoutAccount.objects.filter(principal=sale.seller).update(state="enabled")
    services.add_payout_account(principal=sale.seller)
    sweeps.run_due()
    assert Obligation.objects.get(kind="payout").attempt == 1
    assert len(all_of("transfers")) == 1


def test_a_capture_whose_every_reply_is_lost_is_found(loses_replies, hurry):
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    http = loses_replies("/capture", times=1000)
    sweeps.run_due()
    hurry()
    sweeps.run_due()
    assert services.settled(sale.round_ref).settled
    assert (intent(winner)["amount_received"], len(posts(http, "/capture"))) == (700, 1)


def test_a_hold_that_never_reached_stripe_and_is_wanted_no_more_ends(never_arrives, hurry):
    sale = Sale()
    buyer = sale.seller
    services.add_payment_method(principal=buyer, token="pm_card_visa")
    never_arrives("/payment_intents", times=1000)
    row = sale.joined(1000, buyer)
    sale.cleared({})
    age(DAY, DAY)
    hurry()
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == "released"
    assert all_of("payment_intents") == []


SETUPS = {
    "customers": lambda principal: services.add_payment_method(principal=principal, token="pm_card_visa"),
    "accounts": lambda principal: services.add_payout_account(principal=principal),
}
VERBS = {"customers": "customer", "accounts": "create"}


def set_up(kind, principal):
    """Whether it went well; else the caller is told to repeat."""
    try:
        SETUPS[kind](principal)
    except Refusal as refusal:
        return refusal.code != "payment_gateway_unavailable"
    return True


@pytest.mark.parametrize("kind", SETUPS)
def test_customers_and_accounts_are_made_under_stored_keys_too(kind, loses_replies):
    principal, http = PrincipalFactory(), loses_replies(f"/{kind}")
    assert not set_up(kind, principal)
    asked = Attempt.objects.get(verb=VERBS[kind])
    assert (asked.state, asked.key) == ("asked", posts(http, f"/{kind}")[0])
    assert set_up(kind, principal)
    asked.refresh_from_db()
    assert (asked.state, asked.calls, len(all_of(kind))) == ("done", 2, 1)
    assert asked.stripe_id == all_of(kind)[0]["id"]
    assert not Attempt.objects.filter(state="asked").exists()


@pytest.mark.parametrize("kind", SETUPS)
def test_what_was_made_a_day_ago_is_found_and_not_made_again(kind, loses_replies):
    principal, http = PrincipalFactory(), loses_replies(f"/{kind}")
    assert not set_up(kind, principal)
    age(DAY, DAY)
    assert set_up(kind, principal)
    assert (len(posts(http, f"/{kind}")), len(all_of(kind))) == (1, 1)


@pytest.mark.parametrize("kind", SETUPS)
def test_what_never_arrived_a_day_ago_is_sent_under_a_new_key(kind, never_arrives):
    principal, http = PrincipalFactory(), never_arrives(f"/{kind}")
    assert not set_up(kind, principal)
    age(DAY, DAY)
    assert set_up(kind, principal)
    one, two = posts(http, f"/{kind}")
    assert (two, len(all_of(kind))) == (f"{one}:2", 1)


@pytest.mark.parametrize("kind", SETUPS)
def test_a_saved_failure_of_them_is_not_repeated_for_ever(kind, saved_failure):
    principal, http = PrincipalFactory(), saved_failure(f"/{kind}")
    assert [set_up(kind, principal) for _ in range(3)] == [False, False, True]
    one, again, two = posts(http, f"/{kind}")
    assert (again, two, len(all_of(kind))) == (one, f"{one}:2", 1)
