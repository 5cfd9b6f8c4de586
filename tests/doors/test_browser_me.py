"""A person's pages in a real browser: signing up, teaching, being asked, seeing what was done, stopping."""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from marketplace.agents.keys import identify
from marketplace.agents.models import Agent, Principal
from marketplace.bidding.participations import join_market
from marketplace.mandates.letters import ask_page
from marketplace.mandates.models import CheckIn
from marketplace.preferences.categories import write_category
from tests.doors.looking import looked_at
from tests.doors.test_browser_market_page import Visit, Visitor, browser, server, visit  # noqa: F401 - fixtures
from tests.factories import Trader, buy, close_now, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}
PASSWORD = "a long pass phrase"


def tabbed_to(page: Page, name: str) -> None:
    """Come to a button by the Tab key alone, from the top of the page; it shows where one is."""
    button = page.get_by_role("button", name=name, exact=True)
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            assert button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
            return
    raise AssertionError(f"no Tab leads to {name}")


def sign_in_by_letter(page: Page, email: str) -> None:
    """The link of the letter leads to the login, and from there to the question."""
    link = urlsplit(ask_page(CheckIn.objects.get(principal__user__email=email).ref)).path
    page.get_by_role("link", name="Account and sign out").click()
    looked_at(page, "account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Open now")).to_be_visible()
    page.goto(page.url.rstrip("/") + link)
    assert "One concert ticket" not in page.content()
    page.get_by_label("Email").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("You are signed in.")).to_be_visible()


def sign_up(seen: Visit, email: str) -> None:
    page = seen.page
    page.goto(f"{seen.home}/me/")
    page.get_by_role("link", name="sign up").click()
    page.get_by_label("Email").fill(email)
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    looked_at(page, "signup")
    page.get_by_role("button", name="Sign Up").click()
    expect(page.get_by_role("heading", name="Now")).to_be_visible()


def make_agent(page: Page) -> str:
    looked_at(page, "empty")
    page.get_by_label("What is your agent called?").fill("Scout")
    page.get_by_label("Your time zone").select_option("Europe/Amsterdam")
    page.get_by_role("button", name="Make the agent").click()
    key = page.locator(".key-shown code").inner_text()
    looked_at(page, "key")
    assert key.startswith("wk_test_")
    return key


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_person_lets_an_agent_trade(server: Server, visit: Visitor, device: str) -> None:  # noqa: F811
    seen = visit(server, "/", **(PHONE if device == "phone" else {}))
    page, email = seen.page, f"ada-{device}@example.org"
    write_category(name="concert-ticket/1", schema={"title": "A ticket", "attributes": {"row": {"type": "text"}}})
    seller = Trader(payout=True)
    lot = {"id": "ticket", "title": "Concert ticket, row 7", "category": "concert-ticket/1", "seller": seller.agent.ref}
    market, other = (open_a_market(title=title, lots=[lot]) for title in ("One concert ticket", "Another ticket"))
    sign_up(seen, email)
    key = make_agent(page)
    page.goto(f"{seen.home}/me/")
    assert key not in page.content()
    page.get_by_label("What is it for?").fill("personal")
    page.get_by_role("button", name="Add the card").click()
    expect(page.get_by_text("The card can be used.")).to_be_visible()

    join_market(market=market, identity=identify(key), limit_minor=10000, key="one")
    page.get_by_role("link", name="Asks").click()
    looked_at(page, f"{device}-asks")
    page.get_by_role("link", name="Look and answer").click()
    expect(page.get_by_role("heading", name="Spend up to 100.00 EUR in “One concert ticket”?")).to_be_visible()
    expect(page.get_by_text("Concert ticket, row 7")).to_be_visible()
    expect(page.get_by_text("No rule lets the agent do this alone.")).to_be_visible()
    looked_at(page, f"{device}-ask")
    sign_in_by_letter(page, email)
    tabbed_to(page, "Yes, do it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Said yes.")).to_be_visible()
    agent = Agent.objects.get(principal__user__email=email)
    for _ in range(200):
        if agent.participations.filter(state="active").exists():
            break
        page.wait_for_timeout(100)
    page.goto(f"{seen.home}/me/")
    expect(page.get_by_text("100.00 EUR").first).to_be_visible()
    looked_at(page, f"{device}-now")

    page.get_by_role("link", name="Rules").click()
    expect(page.get_by_text("Ask me before everything.")).to_be_visible()
    page.get_by_label("Joining").select_option(other.ref)
    page.get_by_label("for at most").fill("50")
    page.get_by_role("button", name="Ask the rules").click()
    expect(page.get_by_text("It would ask you first.")).to_be_visible()
    looked_at(page, f"{device}-rules")
    page.get_by_role("link", name="Teach it by cases").click()
    for answer in ("Do it", "Ask me", "Do it", "Never", "Do it", "Do it", "Ask me", "Never", "Do it", "Do it"):
        page.get_by_role("button", name=answer, exact=True).click()
    looked_at(page, f"{device}-cases")
    page.get_by_role("button", name="Let these rules hold").click()
    expect(page.get_by_text("The new rules hold.")).to_be_visible()
    looked_at(page, f"{device}-learned")

    buyer = Trader()
    buyer.join(market, 10000)
    buyer.bid(market, buy("ticket", 6000))
    bid = {"atoms": [{"bundle": {"ticket": 1}, "value": 9000}]}
    api = page.context.request
    reply = api.post(
        f"{seen.home}/api/v1/markets/{market.ref}/bids/",
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "b"},
        data=bid,
    )
    assert reply.status == 201, reply.text()
    close_now(market)
    page.goto(f"{seen.home}/me/done/")
    for _ in range(300):
        if page.get_by_text("You pay 60.00 EUR.").count() and page.get_by_text("from visa").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.get_by_text("Bought 1 × ticket")).to_be_visible()
    looked_at(page, f"{device}-done")
    page.get_by_role("link", name="why, and the receipt").click()
    expect(page.get_by_text("The winner pays the best bid of another")).to_be_visible()
    expect(page.get_by_text("60.00 EUR paid")).to_be_visible()
    looked_at(page, f"{device}-deal")

    page.get_by_role("link", name="Stop").click()
    looked_at(page, f"{device}-stop")
    page.get_by_role("button", name="Stop Scout").click()
    expect(page.get_by_role("heading", name="Stopped.")).to_be_visible()
    looked_at(page, f"{device}-stopped")
    assert not agent.keys.filter(revoked_at=None).exists()
    assert seen.outside() == []
    assert [words for words in seen.complaints if "favicon" not in words] == []


def test_the_page_is_its_persons_alone(server: Server, visit: Visitor) -> None:  # noqa: F811
    """Another's check-in, agent and deal do not exist; a page that shows a key is kept by no cache."""
    seen = visit(server, "/")
    sign_up(seen, "eve@example.org")
    other = Trader()
    checkin = CheckIn.objects.create(
        ref="chk_others",
        agent=other.agent,
        principal=other.agent.principal,
        reference="prt_x",
        waiting="prt_x",
        digest="0",
        act={},
        answer_by=other.agent.created_at,
        created_at=other.agent.created_at,
    )
    paths = (
        f"asks/{checkin.ref}",
        f"rules/{other.agent.ref}",
        f"rules/{other.agent.ref}/cases",
        f"stop/{other.agent.ref}",
    )
    assert [seen.page.goto(f"{seen.home}/me/{path}/").status for path in paths] == [404] * 4
    reply = seen.page.goto(f"{seen.home}/me/")
    assert reply.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in reply.headers["content-security-policy"]
    user = User.objects.get(email="eve@example.org")
    assert Principal.objects.filter(user=user).count() == 1
    assert list(user.groups.values_list("name", flat=True)) == ["principal"]
    assert user.username.startswith("usr_")
