"""What an operator sees and may do: the story of each obligation, and buttons that call the services."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from marketplace.core import sweeps
from marketplace.doors.roles import make_roles
from marketplace.settlement import work
from marketplace.settlement.models import Obligation, PayoutAccount, Task, WebhookEvent
from tests.settlement.stories import Sale, intent

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


@pytest.fixture
def operator():
    client = Client()
    client.force_login(User.objects.create_superuser("op", password="x"))
    return client


def press(client, model, action, *rows):
    """The messages that the button gives."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    page = client.post(f"/admin/settlement/{model}/", data, follow=True)
    assert page.status_code == 200
    return " ".join(str(message) for message in page.context["messages"])


def settled():
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    return sale, winner


def test_the_timeline_tells_the_whole_story(operator):
    _sale, _winner = settled()
    row = Obligation.objects.get(kind="collect")
    page = operator.get(f"/admin/settlement/obligation/{row.pk}/change/").content.decode()
    places = [page.index(text) for text in (":1:hold", "pending", f"{row.ref}:1:capture", "post_pending")]
    assert row.stripe_id in page
    assert places[0] < places[2]
    assert "void_pending" in page


def test_refund_is_one_button(operator):
    sale, winner = settled()
    row = Obligation.objects.get(kind="collect")
    assert "will be refunded" in press(operator, "obligation", "refund", row)
    assert "refused" in press(operator, "obligation", "refund", row)
    sweeps.run_due()
    assert sale.states("refund") == ["paid"]
    assert intent(winner)["status"] == "succeeded"


def test_resend_pays_a_seller_who_can_be_paid_again(operator):
    sale = Sale()
    PayoutAccount.objects.filter(principal=sale.seller).update(state="restricted")
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    assert Task.objects.filter(code="held_for_seller", closed_at=None).count() == 1
    row = Obligation.objects.get(kind="payout")
    PayoutAccount.objects.filter(principal=sale.seller).update(state="enabled")
    assert "will be sent" in press(operator, "obligation", "resend", row)
    sweeps.run_due()
    assert "unchanged" in press(operator, "obligation", "resend", row)
    assert sale.states("payout") == ["paid"]
    assert not Task.objects.filter(code="held_for_seller", closed_at=None).exists()


def test_release_lets_one_hold_go_but_none_that_owes(operator):
    sale = Sale()
    owing, free = sale.joined(1000), sale.joined(900)
    sale.cleared({owing.reference: 700})
    assert "unchanged" in press(operator, "authorisation", "release", owing)
    assert "will be released" in press(operator, "authorisation", "release", free)
    sweeps.run_due()
    assert (intent(owing)["amount_received"], intent(free)["status"]) == (700, "canceled")


def test_retry_does_not_wait(operator, loses_replies, monkeypatch):
    monkeypatch.setattr(work, "FIRST_DELAY", work.LONGEST_DELAY)  # so that the next try is not due by itself
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    loses_replies("/capture")
    sweeps.run_due()
    row = Obligation.objects.get(kind="collect")
    assert "will be tried now" in press(operator, "obligation", "retry", row)
    sweeps.run_due()
    assert sale.states("collect") == ["paid"]
    assert "unchanged" in press(operator, "obligation", "retry", row)


def test_an_event_may_be_looked_into_again_and_a_task_closed(operator):
    event = WebhookEvent.objects.create(
        event_id="evt_1", kind="account.updated", object_id="acct_x", received_at="2026-01-01T00:00:00Z", body="{}"
    )
    sweeps.run_due()
    assert "will be looked into" in press(operator, "webhookevent", "look_again", event)
    sweeps.run_due()
    event.refresh_from_db()
    assert event.handled_at is not None
    task = Task.objects.create(subject="obl_x", code="dispute", detail="x", opened_at="2026-01-01T00:00:00Z")
    assert "1 closed" in press(operator, "task", "close", task)


def held_for_a_seller():
    sale = Sale()
    PayoutAccount.objects.filter(principal=sale.seller).update(state="restricted")
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    return sale, winner


def test_undo_gives_a_round_back_whose_seller_never_comes(operator):
    sale, _winner = held_for_a_seller()
    row = Obligation.objects.get(kind="payout")
    assert "its round will be refunded" in press(operator, "obligation", "undo", row)
    sweeps.run_due()
    assert (sale.states("collect"), sale.states("payout"), sale.states("refund")) == (
        ["refunded"],
        ["defaulted"],
        ["paid"],
    )
    assert "unchanged" in press(operator, "obligation", "undo", row)


def test_undo_leaves_a_round_alone_whose_seller_was_paid(operator):
    sale, _winner = settled()
    assert "unchanged" in press(operator, "obligation", "undo", Obligation.objects.get(kind="collect"))
    assert (sale.states("collect"), sale.states("payout")) == (["paid"], ["paid"])


def member(role):
    """Somebody of the staff with this role and no other."""
    user = User.objects.create_user(role.replace(" ", "-"), password="x", is_staff=True)
    make_roles()  # tests that commit empty these tables
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


BUTTONS = {
    "obligation": {"retry", "resend", "refund", "give_up", "undo"},
    "authorisation": {"retry", "release"},
    "webhookevent": {"look_again"},
    "task": {"close"},
    "journal": {"compare"},
}


def offered(client, model):
    """The buttons on the page of this model; none where there is no page."""
    page = client.get(f"/admin/settlement/{model}/")
    form = page.context.get("action_form") if page.status_code == 200 else None
    return {name for name, _ in form.fields["action"].choices if name} if form else set()


def test_the_settlement_clerk_has_every_button_and_they_work():
    sale, _winner = held_for_a_seller()
    clerk, payout = member("settlement clerk"), Obligation.objects.get(kind="payout")
    event = WebhookEvent.objects.create(
        event_id="evt_1", kind="account.updated", object_id="acct_x", received_at="2026-01-01T00:00:00Z", body="{}"
    )
    sweeps.run_due()
    assert {model: offered(clerk, model) for model in BUTTONS} == BUTTONS
    assert "will be looked into" in press(clerk, "webhookevent", "look_again", event)
    assert "closed" in press(clerk, "task", "close", Task.objects.get(code="held_for_seller"))
    assert "unchanged" in press(clerk, "obligation", "retry", payout)
    PayoutAccount.objects.update(state="enabled")
    assert "will be sent" in press(clerk, "obligation", "resend", payout)
    sweeps.run_due()
    assert "will be refunded" in press(clerk, "obligation", "refund", Obligation.objects.get(kind="collect"))
    free = sale.joined(900)
    assert "will be released" in press(clerk, "authorisation", "release", free)
    sweeps.run_due()
    assert (sale.states("payout"), sale.states("refund")) == (["refunded"], ["paid"])
    assert "0 differences" in press(clerk, "journal", "compare", sale.journal)


@pytest.mark.parametrize("role", ["operator", "economist", "auditor", "principal"])
def test_no_other_role_has_a_button(role):
    _sale, _winner = settled()
    client = member(role)
    assert {model: offered(client, model) for model in BUTTONS} == {model: set() for model in BUTTONS}
    row = Obligation.objects.get(kind="collect")
    client.post("/admin/settlement/obligation/", {"action": "refund", "_selected_action": [row.pk]})
    assert not Obligation.objects.filter(kind="refund").exists()


def test_who_may_only_look_has_no_buttons():
    _sale, _winner = settled()
    user = User.objects.create_user("eye", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_obligation"))
    client = Client()
    client.force_login(user)
    press(client, "obligation", "refund", Obligation.objects.get(kind="collect"))
    assert not Obligation.objects.filter(kind="refund").exists()


def test_books_are_compared_on_demand(operator):
    sale, _winner = settled()
    assert "0 differences" in press(operator, "journal", "compare", sale.journal)
