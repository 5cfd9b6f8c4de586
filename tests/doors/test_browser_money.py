"""The operator's page of an obligation in a real browser: its whole story, and a button of it."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from marketplace.core import sweeps
from marketplace.settlement.models import Obligation
from tests.doors.looking import pictured
from tests.doors.test_browser_market_page import Visitor, browser, visit  # noqa: F401 - fixtures
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
