"""Account links: the address at which the owner of a connected account says who it is."""

from marketplace.stripe_sandbox.addresses import page_address
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, bad_parameter
from marketplace.stripe_sandbox.objects.account import Account

GOOD_SECONDS = 300


def create(call: Call) -> Body:
    """Of an account that has a form to fill in; where the form ends is kept with the account."""
    params = call.params
    account = Account.find(params["account"], "account")
    if params["type"] not in ("account_onboarding", "account_update"):
        raise bad_parameter("Invalid type: must be account_onboarding or account_update.", "type")
    account.return_url = params.get("return_url") or ""
    account.put()
    return {
        "object": "account_link",
        "created": now(),
        "expires_at": now() + GOOD_SECONDS,
        "url": page_address("seller", account.id),
    }
