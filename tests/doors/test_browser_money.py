"""Money in a real browser: the operator's page of an obligation, and a person's card and balance."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from marketplace.core import sweeps
from marketplace.settlement.models import Journal, Obligation
from marketplace.settlement.services import standing
from tests.doors.looking import looked_at, pictured
from tests.doors.test_browser_market_page import Visitor, browser, visit  # noqa: F401 - fixtures
from tests.factories import Trader
from tests.server import Server
from tests.settlement.conftest import faulty, hurry, loses_replies  # noqa: F401 - fixtures
from tests.settlement.stories import Sale

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def test_a_timeline_is_read_and_a_refund_pressed(doors_only: Server, visit: Visitor, loses_replies, hurry) -> None:  # noqa: F811
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    loses_replies("/capture")
    sweeps.run_due()
    hurry()
    sweeps.run_due()
    User.objects.create_superuser("op", password="a long pass phrase")
    page = visit(doors_only, "/admin/").page
    page.get_by_label("Username").fill("op")
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Log in").click()
    row = Obligation.objects.get(kind="collect")
    page.goto(f"{doors_only.url}/admin/settlement/obligation/{row.pk}/change/")
    pictured(page, "timeline")
    told = page.locator(".field-story tr").all_inner_texts()
    assert [line.split("\t")[1] for line in told[1:]] == [
        "hold: key stored",
        "hold: answered",
        "ledger: pending",
        "written down",
        "capture: key stored",
        "capture: answered",
        "ledger: post_pending",
        "ledger: void_pending",
    ]
    expect(page.get_by_text(row.stripe_id).first).to_be_visible()
    page.goto(f"{doors_only.url}/admin/settlement/obligation/")
    page.get_by_role("row", name=row.ref).get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option(label="Refund a collect in full, sellers giving back their part")
    pictured(page, "buttons")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("will be refunded")).to_be_visible()
    sweeps.run_due()
    assert sale.states("refund") == ["paid"]


@pytest.mark.parametrize(("device", "width"), [("phone", 390), ("desktop", 1280)])
def test_a_person_adds_a_card_pays_in_and_takes_back(
    doors_only: Server,
    visit: Visitor,  # noqa: F811
    device: str,
    width: int,
) -> None:
    principal = Trader(card=None).agent.principal
    principal.user = User.objects.create_user("ada", "ada@example.org", "a long pass phrase")
    principal.save()
    page = visit(doors_only, "/me/", viewport={"width": width, "height": 844}).page
    page.get_by_label("Email").fill("ada@example.org")
    page.locator("#id_password").fill("a long pass phrase")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("Without a card your agent can only sell.")).to_be_visible()
    looked_at(page, f"{device}-no-card")
    page.get_by_role("button", name="Add the card").click()
    expect(page.get_by_text("The card can be used.")).to_be_visible()
    page.get_by_text("Pay in", exact=True).click()
    page.locator("#top_up_amount").fill("12.50")
    looked_at(page, f"{device}-pay-in")
    page.get_by_role("button", name="Charge the card once").click()
    expect(page.get_by_text("12.50 EUR can be used.")).to_be_visible(timeout=20_000)
    page.get_by_text("Take back what is unused").click()
    page.locator("#withdraw_amount").fill("2.50")
    looked_at(page, f"{device}-take-back")
    page.get_by_role("button", name="Back to the card").click()
    expect(page.get_by_text("10.00 EUR can be used.")).to_be_visible(timeout=20_000)
    looked_at(page, f"{device}-balance")
    assert standing(Journal.objects.get(balance__principal=principal)).available_minor == 10_00
    assert Obligation.objects.filter(kind="refund").count() == 1
