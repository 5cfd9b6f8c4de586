"""Getting in: a person saves a card on Stripe's page and says who it is, both over real HTTP to the sandbox."""

import json

import httpx
import msgspec
import pytest

from marketplace.agents.services import suspend_principal
from marketplace.bidding.models import Bid
from marketplace.core import clock, sweeps
from marketplace.core.refusals import Refusal
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.services import create_market
from marketplace.settlement.models import Obligation, PaymentMethod, PayoutAccount, WebhookEvent
from marketplace.settlement.payment_methods import add_payment_method
from tests.factories import ConfigurationFactory, Trader, buy, close_now, open_a_market
from tests.onboarding import onboard, send_form
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
API = "/api/v1/"
VISA, ASKS, ALWAYS_DECLINED = "4242424242424242", "4000002500003155", "4000000000000002"


def post(client, trader: Trader, path: str, body: dict, **headers: str):
    """A POST as the trader's agent."""
    return client.post(
        API + path, json.dumps(body), content_type="application/json", headers={**trader.headers(), **headers}
    )


def get(client, trader: Trader, path: str) -> dict:
    """What the trader's agent reads there."""
    return client.get(API + path, headers=trader.headers()).json()


def visit(page: str, **form: str) -> httpx.Response:
    """A person's browser at one of Stripe's pages, without following where it leads."""
    with httpx.Client(trust_env=False) as browser:
        return browser.post(page, data=form) if form else browser.get(page)


def inbox(client, trader: Trader) -> list[str]:
    return [event["kind"] for event in get(client, trader, "inbox/")["events"]]


def test_a_join_without_a_card_gives_the_page_and_goes_on_after_it(client):
    market, buyer = open_a_market(), Trader(card=None)
    refused = post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 10000})
    assert (refused.status_code, refused.json()["code"]) == (402, "payment_method_needed")
    page = refused.json()["page"]
    again = post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 10000})
    assert again.json()["page"] == page  # one page is open, not one a try
    assert "test cards" in visit(page).text
    done = visit(page, number=VISA)
    assert (done.status_code, done.headers["Location"]) == (303, "http://127.0.0.1:8000/thanks/")
    assert client.get("/thanks/").status_code == 200
    method = refused.json()["payment_method"]
    assert PaymentMethod.objects.get().state == "pending"  # that the person came back proves nothing
    assert get(client, buyer, f"payment-methods/{method}/")["state"] == "active"
    assert post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 10000}).status_code == 201
    assert "card.saved" in inbox(client, buyer)
    assert visit(page).status_code == 410


def test_the_bank_asks_in_the_middle(client):
    buyer = Trader(card=None)
    opened = post(client, buyer, "payment-methods/", {"purse": "work"})
    assert (opened.status_code, opened.json()["state"], opened.json()["purse"]) == (202, "pending", "work")
    page, method = opened.json()["page"], opened.json()["id"]
    bank = visit(page, number=ASKS).headers["Location"]
    assert "Your bank asks" in visit(bank).text
    assert visit(bank, outcome="failed").headers["Location"] == page
    assert get(client, buyer, f"payment-methods/{method}/")["state"] == "pending"
    bank = visit(page, number=ASKS).headers["Location"]
    assert visit(bank, outcome="succeeded").headers["Location"].endswith("/thanks/")
    assert get(client, buyer, f"payment-methods/{method}/")["state"] == "active"
    market = open_a_market()
    assert post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 10000}).status_code == 201


def test_a_declined_card_leaves_the_page_open(client):
    buyer = Trader(card=None)
    page = post(client, buyer, "payment-methods/", {}).json()["page"]
    assert visit(page, number=ALWAYS_DECLINED).status_code == 402
    assert visit(page, number="1234").status_code == 402
    assert visit(page, number=VISA).status_code == 303


def test_an_event_says_that_the_card_is_saved(client):
    buyer = Trader(card=None)
    page = post(client, buyer, "payment-methods/", {}).json()["page"]
    visit(page, number=VISA)
    method = PaymentMethod.objects.get()
    WebhookEvent.objects.create(
        event_id="evt_1",
        kind="setup_intent.succeeded",
        object_id=method.setup_intent,
        received_at=method.created_at,
        due_at=method.created_at,
        body="{}",
    )
    sweeps.run_due()
    method.refresh_from_db()
    assert (method.state, method.label) == ("active", "visa •••• 4242")


def test_a_seller_is_approved_asked_for_more_and_refused(client):
    seller = Trader(card=None)
    opened = post(client, seller, "payout-accounts/", {"country": "DE"})
    assert (opened.status_code, opened.json()["state"]) == (202, "pending")
    assert "tos_acceptance.date" in opened.json()["due"]
    seen = {}
    for outcome in ("review", "more", "approved", "refused"):
        visit(opened.json()["page"], outcome=outcome)
        account = PayoutAccount.objects.get()
        at = account.created_at
        WebhookEvent.objects.create(
            event_id=f"evt_{outcome}",
            kind="account.updated",
            object_id=account.stripe_account,
            received_at=at,
            due_at=at,
            body=json.dumps({"account": account.stripe_account}),
        )
        sweeps.run_due()
        (known,) = get(client, seller, "payout-accounts/")["payout_accounts"]
        seen[outcome] = (known["state"], known["due"])
    assert seen == {
        "review": ("pending", []),
        "more": ("restricted", ["individual.verification.document"]),
        "approved": ("enabled", []),
        "refused": ("restricted", []),
    }
    assert inbox(client, seller).count("account.changed") == 4


def test_a_second_account_and_a_country_that_is_none_are_refused(client):
    seller = Trader(card=None)
    first = post(client, seller, "payout-accounts/", {"country": "DE"}).json()
    refused = post(client, seller, "payout-accounts/", {"country": "FR"})
    assert (refused.status_code, refused.json()["code"]) == (409, "payout_account_exists")
    assert post(client, seller, "payout-accounts/", {}).json()["id"] == first["id"]
    wrong = post(client, seller, "payout-accounts/", {"country": "nl"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "country_invalid")


def test_the_payment_method_of_another_is_refused(client):
    owner, thief = Trader(), Trader(card=None)
    theirs = PaymentMethod.objects.get(principal=owner.agent.principal)
    refused = post(client, thief, "payment-methods/", {"payment_method": theirs.stripe_payment_method})
    assert (refused.status_code, refused.json()["code"]) == (403, "payment_method_of_another")
    assert get(client, thief, "payment-methods/")["payment_methods"][0]["state"] == "removed"
    unseen = client.get(f"{API}payment-methods/{theirs.ref}/", headers=thief.headers())
    assert (unseen.status_code, unseen.json()["code"]) == (404, "payment_method_not_found")
    assert add_payment_method(principal=owner.agent.principal, token="pm_card_visa") == theirs


def test_what_is_no_page_of_stripes():
    assert send_form("https://stripe/pages/card/cs_test_none", number=VISA)[0] == 404
    assert send_form("https://stripe/pages/other/x")[0] == 404


def test_a_market_whose_seller_cannot_be_paid_does_not_open(client):
    operator, seller = Trader(card=None, scope="operate"), Trader(card=None)
    stated = {
        "title": "A room",
        "mechanism": "second_price",
        "currency": "EUR",
        "closes_in_s": 60,
        "lots": [{"id": "room", "seller": seller.agent.ref}],
    }
    refused = post(client, operator, "markets/", stated)
    assert (refused.status_code, refused.json()["code"]) == (409, "seller_not_payable")
    assert refused.json()["sellers"] == [{"seller": seller.agent.ref, "state": "absent", "due": []}]
    page = post(client, seller, "payout-accounts/", {}).json()["page"]
    due = post(client, operator, "markets/", stated).json()["sellers"][0]["due"]
    assert "tos_acceptance.date" in due
    visit(page, outcome="approved")
    get(client, seller, "payout-accounts/")
    assert post(client, operator, "markets/", stated).json()["state"] == "open"


def test_a_draft_waits_for_its_seller_and_is_cancelled_at_its_close():
    seller = Trader(card=None)
    lots = [{"id": "room", "seller": seller.agent.ref}]
    early, late = (
        create_market(config=msgspec.convert(ConfigurationFactory(lots=lots), MarketConfiguration)) for _ in range(2)
    )
    sweeps.run_due()
    early.refresh_from_db()
    assert (early.state, "has no payout account" in early.opening_refused) == ("draft", True)
    onboard(seller.agent.principal)
    now = clock.now()
    Market.objects.filter(pk=early.pk).update(open_again_at=now)
    PayoutAccount.objects.update(state="restricted", due=["individual.verification.document"])
    Market.objects.filter(pk=late.pk).update(open_again_at=now, closes_at=now)
    sweeps.run_due()
    late.refresh_from_db()
    assert late.state == "cancelled"
    assert "individual.verification.document" in late.cancel_reason
    PayoutAccount.objects.update(state="enabled", due=[])
    Market.objects.filter(pk=early.pk).update(open_again_at=now)
    sweeps.run_due()
    early.refresh_from_db()
    assert early.state == "open"


def test_a_suspended_principal_does_nothing_and_is_paid_after_it_is_reinstated(client, admin_client):
    seller, buyer = Trader(card=None, payout=True), Trader()
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref, "reserve": 3000}])
    buyer.join(market)
    buyer.bid(market, buy("room", 5000))
    chosen = {"action": "suspend", "_selected_action": [seller.agent.principal_id], "why": "a complaint"}
    admin_client.post("/admin/agents/principal/", chosen)
    refused = client.get(API + "me/", headers=seller.headers())
    assert (refused.status_code, refused.json()["code"]) == (403, "principal_suspended")
    close_now(market)
    sweeps.run_due()
    sweeps.run_due()
    assert list(Obligation.objects.filter(kind="payout").values_list("state", flat=True)) == ["held_for_seller"]
    with pytest.raises(Refusal, match="suspended"):
        open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}])
    admin_client.post("/admin/agents/principal/", {**chosen, "action": "reinstate"})
    sweeps.run_due()
    assert list(Obligation.objects.filter(kind="payout").values_list("state", flat=True)) == ["paid"]
    assert client.get(API + "me/", headers=seller.headers()).status_code == 200


def test_the_bids_of_a_suspended_principal_are_taken_back():
    buyer, market = Trader(), open_a_market()
    buyer.join(market)
    buyer.bid(market, buy("room", 5000))
    suspend_principal(principal=buyer.agent.principal, reason="")
    sweeps.run_due()
    assert Bid.objects.get().status == "withdrawn"
