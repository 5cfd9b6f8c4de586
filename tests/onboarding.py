"""What people do on Stripe's pages, played at the sandbox: they save a card, they say who they are."""

from functools import cache
from urllib.parse import urlencode, urlsplit

import stripe
from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.agents.models import Principal
from marketplace.settlement.models import PayoutAccount
from marketplace.settlement.services import add_payout_account, follow_account, onboarding_page
from marketplace.settlement.transport import PooledClient


@cache
def _browser(chosen: str) -> stripe.HTTPClient:
    """Goes where the SDK goes: to the sandbox in this process, or to the one that serves over HTTP."""
    return import_string(chosen)() if chosen else PooledClient()


def send_form(page: str, **fields: str) -> tuple[int, str]:
    """A form sent at one of Stripe's pages; the status, and where the page sends its visitor next."""
    base = settings.STRIPE_API_BASE or "https://stripe"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    browser = _browser(settings.STRIPE_HTTP_CLIENT)
    _, status, headers = browser.request("POST", base + urlsplit(page).path, headers, urlencode(fields))
    return status, headers.get("Location", "")


def onboard(principal: Principal, outcome: str = "approved") -> PayoutAccount:
    """The principal's payout account, once its owner's form was judged so."""
    account = add_payout_account(principal=principal)
    assert send_form(onboarding_page(account=account), outcome=outcome)[0] == 303
    account.refresh_from_db()
    return follow_account(account=account)
