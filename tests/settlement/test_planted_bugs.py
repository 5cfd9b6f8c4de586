"""Ten bugs that others have made, planted one by one: each must be caught, or the proofs beside this prove nothing."""

import uuid
from dataclasses import replace

import pytest
from django.db import DatabaseError

from marketplace.settlement import attempts, calls, events, ledger, releases, rounds, work
from marketplace.settlement.gateway import Absent, Declined, Done, Unknown
from marketplace.settlement.models import Obligation
from tests.settlement.simulation import simulate

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
SEEDS = range(1, 21)
honest_ask, honest_begin = work.ask, attempts.begin


def key_after_the_call(patch):
    """A key made for each call, so that no repeat is recognised."""
    patch(work, "ask", lambda operation, turn: operation.send(turn.row, uuid.uuid4().hex))


def call_and_commit_swapped(patch):
    """It is written down as done before it is: a lost call stays lost."""

    def ask(operation, turn):
        result = honest_ask(operation, turn)
        if operation.verb != "transfer" or not isinstance(result, Unknown):
            return result
        amount, currency = turn.row.amount_minor, turn.row.currency.lower()
        return Done({"id": "tr_assumed", "amount": amount, "currency": currency})

    patch(work, "ask", ask)


def float_cents(patch):
    """Money goes through a float on its way."""
    for name in ("transfer", "capture"):
        patch(calls, name, _through_a_float(getattr(calls, name)))


def _through_a_float(honest):
    return lambda **call: honest(**{**call, "amount": int(call["amount"] / 100 * 100)})


def unique_key_dropped(patch):
    """Nothing is sent with a key, and nobody looks first."""

    def begin(rows, verb, lease):
        turns = honest_begin(rows, verb, lease)
        return [replace(turn, repeat=False, attempt=_named(turn.attempt, uuid.uuid4().hex)) for turn in turns]

    patch(attempts, "begin", begin)


def _named(attempt, key):
    attempt.key = key
    return attempt


def webhook_trusted(patch):
    """What an event says is taken for what is; an old one says that the money is still held."""

    def take_over(result):
        Obligation.objects.filter(authorisation__payment_intent=result.object["id"], state="pending").update(
            state="paid"
        )

    patch(events, "take_over", take_over)


def timeout_is_a_decline(patch):
    """No answer is taken for a no."""

    def ask(operation, turn):
        result = honest_ask(operation, turn)
        return Declined("timeout", "no answer") if isinstance(result, Unknown) else result

    patch(work, "ask", ask)


def empty_search_is_a_proof(patch):
    """Whatever got no answer is taken to have left nothing."""

    def ask(operation, turn):
        turn = replace(turn, repeat=False)
        result = honest_ask(operation, turn)
        return Absent() if isinstance(result, Unknown) else result

    patch(work, "ask", ask)


def payouts_before_the_money_is_in(patch):
    """Sellers are paid while buyers are still asked."""

    def conclude_round(journal, round_ref):
        waiting = Obligation.objects.filter(round_ref=round_ref, kind="payout", state="pending", due_at=None)
        waiting.update(due_at=work.clock.now())

    patch(rounds, "conclude_round", conclude_round)


def losers_are_kept(patch):
    """Nobody lets go of the losers' holds."""
    patch(releases, "mark_releases", lambda journal, keep: 0)


def the_rest_of_a_hold_is_kept(patch):
    """The books keep what a capture in part has let go."""
    patch(ledger, "letting_go", lambda held: [])


PLANTED = (
    key_after_the_call,
    call_and_commit_swapped,
    float_cents,
    unique_key_dropped,
    webhook_trusted,
    timeout_is_a_decline,
    empty_search_is_a_proof,
    payouts_before_the_money_is_in,
    losers_are_kept,
    the_rest_of_a_hold_is_kept,
)
QUICK = (key_after_the_call, unique_key_dropped, the_rest_of_a_hold_is_kept)
SIGNS = (AssertionError, ValueError, DatabaseError)  # of a TypeError the plant itself would be to blame


def caught(plant, monkeypatch, seeds):
    """The first seed that shows it, and what was seen."""
    for seed in seeds:
        with monkeypatch.context() as patch:
            plant(patch.setattr)
            try:
                _world, _slowest, faults = simulate(seed, patch.setattr, markets=2, buyers=6, winners=4, rate=0.5)
            except SIGNS as error:
                return seed, f"{type(error).__name__}: {error}"
        if faults:
            return seed, faults[0]
    return None


def check(plant, monkeypatch):
    found = caught(plant, monkeypatch, SEEDS)
    assert found is not None, f"{plant.__doc__} Nobody noticed: the simulation proves nothing."
    print(f"{plant.__name__}: seed {found[0]}, {found[1][:120]}")


@pytest.mark.spoils_books
@pytest.mark.parametrize("plant", QUICK, ids=lambda plant: plant.__name__)
def test_a_sample_of_planted_bugs_is_caught(plant, monkeypatch):
    check(plant, monkeypatch)


@pytest.mark.prove
@pytest.mark.spoils_books
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_each_planted_bug_is_caught(plant, monkeypatch):
    check(plant, monkeypatch)
