"""The calls that are made of Stripe, one function each; every POST goes under a key that was stored before."""

from datetime import UTC, datetime, timedelta
from typing import Any

from marketplace.settlement.gateway import Result, call, listed

SKEW = timedelta(hours=1)  # that our clock and Stripe's may be apart


def create_customer(*, metadata: dict[str, str], key: str) -> Result:
    """A customer, who may own payment methods; Stripe is told no name, only ours for it."""
    params: Any = {"metadata": metadata}
    return call(lambda c: c.v1.customers.create(params, {"idempotency_key": key}))


def list_customers(*, since: datetime) -> Result:
    """The customers made at this time or later."""
    return listed(lambda c, page: c.v1.customers.list(_both(_since(since), page)))


def fetch_payment_method(token: str) -> Result:
    """A payment method as it is now, with the customer whose it is."""
    return call(lambda c: c.v1.payment_methods.retrieve(token))


def attach_payment_method(*, token: str, customer: str, key: str) -> Result:
    """Give a payment method to a customer."""
    return call(lambda c: c.v1.payment_methods.attach(token, {"customer": customer}, {"idempotency_key": key}))


def open_card_page(*, customer: str, return_url: str, metadata: dict[str, str], key: str) -> Result:
    """A page of Stripe's on which a person saves a card for later; the SetupIntent behind it has the metadata."""
    params: Any = {
        "mode": "setup",
        "currency": "eur",  # which ways to pay are offered; the card may be charged in any
        "customer": customer,
        "success_url": return_url,
        "setup_intent_data": {"metadata": metadata},
    }
    return call(lambda c: c.v1.checkout.sessions.create(params, {"idempotency_key": key}))


def fetch_setup(intent: str) -> Result:
    """A SetupIntent as it is now, with its payment method."""
    return call(lambda c: c.v1.setup_intents.retrieve(intent, {"expand": ["payment_method"]}))


def open_account_page(*, account: str, return_url: str) -> Result:
    """An address at which the owner of a connected account goes on with Stripe's form; a repeat gives another."""
    params: Any = {
        "account": account,
        "type": "account_onboarding",
        "return_url": return_url,
        "refresh_url": return_url,
    }
    return call(lambda c: c.v1.account_links.create(params))


def create_account(*, country: str, metadata: dict[str, str], key: str) -> Result:
    """A connected account that can receive transfers."""
    params: Any = {
        "type": "express",
        "country": country,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": metadata,
    }
    return call(lambda c: c.v1.accounts.create(params, {"idempotency_key": key}))


def list_accounts(*, since: datetime) -> Result:
    """The connected accounts made at this time or later."""
    return listed(lambda c, page: c.v1.accounts.list(_both(_since(since), page)))


def fetch_account(account: str) -> Result:
    """A connected account as it is now."""
    return call(lambda c: c.v1.accounts.retrieve(account))


def hold(
    *, amount: int, currency: str, customer: str, payment_method: str, metadata: dict[str, str], group: str, key: str
) -> Result:
    """Set an amount aside on a card: a confirmed PaymentIntent that is captured later."""
    params: Any = {
        "amount": amount,
        "currency": currency.lower(),
        "customer": customer,
        "payment_method": payment_method,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "capture_method": "manual",
        "confirm": True,
        "off_session": True,
        "transfer_group": group,
        "metadata": metadata,
        "expand": ["latest_charge"],
    }
    return _post("/v1/payment_intents", params, key)


def capture_before(intent: dict[str, Any]) -> datetime | None:
    """Until when Stripe holds it, as its charge says, where that came with it."""
    charge = intent.get("latest_charge")
    card = (charge.get("payment_method_details") or {}).get("card") if isinstance(charge, dict) else None
    moment = (card or {}).get("capture_before")
    return datetime.fromtimestamp(moment, UTC) if moment else None


def charge_of(intent: dict[str, Any]) -> str:
    """The id of the charge behind a payment."""
    charge = intent.get("latest_charge") or intent["id"]
    return str(charge["id"] if isinstance(charge, dict) else charge)


def charge(
    *, amount: int, currency: str, customer: str, payment_method: str, metadata: dict[str, str], group: str, key: str
) -> Result:
    """Take an amount from a saved card whose owner is away: a confirmed PaymentIntent, captured at once."""
    params: Any = {
        "amount": amount,
        "currency": currency.lower(),
        "customer": customer,
        "payment_method": payment_method,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "capture_method": "automatic",
        "confirm": True,
        "off_session": True,
        "transfer_group": group,
        "metadata": metadata,
    }
    return _post("/v1/payment_intents", params, key)


def capture(*, intent: str, amount: int, key: str) -> Result:
    """Take (part of) what was set aside; Stripe lets go of the rest."""
    params: Any = {"amount_to_capture": amount}
    return _post(f"/v1/payment_intents/{intent}/capture", params, key)


def cancel(*, intent: str, key: str) -> Result:
    """Let go of all that was set aside."""
    return _post(f"/v1/payment_intents/{intent}/cancel", {}, key)


def fetch_intent(intent: str) -> Result:
    """A PaymentIntent as it is now."""
    return call(lambda c: c.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}))


def fetch_dispute(dispute: str) -> Result:
    """A dispute as it is now."""
    return call(lambda c: c.v1.disputes.retrieve(dispute))


def list_disputes(*, charge: str) -> Result:
    """The disputes of a charge."""
    return listed(lambda c, page: c.v1.disputes.list(_both({"charge": charge}, page)))


def transfer(*, amount: int, currency: str, destination: str, group: str, metadata: dict[str, str], key: str) -> Result:
    """Move collected money to a connected account."""
    params: Any = {
        "amount": amount,
        "currency": currency.lower(),
        "destination": destination,
        "transfer_group": group,
        "metadata": metadata,
    }
    return _post("/v1/transfers", params, key)


def refund(*, charge: str, amount: int, metadata: dict[str, str], key: str) -> Result:
    """Give (part of) what was taken back to the card."""
    params: Any = {"charge": charge, "amount": amount, "metadata": metadata}
    return _post("/v1/refunds", params, key)


def reverse(*, transfer: str, amount: int, metadata: dict[str, str], key: str) -> Result:
    """Bring (part of) a transfer back from the connected account."""
    params: Any = {"amount": amount, "metadata": metadata}
    return _post(f"/v1/transfers/{transfer}/reversals", params, key)


def list_intents(*, customer: str, since: datetime) -> Result:
    """A customer's PaymentIntents of this time or later."""
    wanted = {"customer": customer, **_since(since), "expand": ["data.latest_charge"]}
    return listed(lambda c, page: c.v1.payment_intents.list(_both(wanted, page)))


def list_charges(*, group: str) -> Result:
    """The charges of a market: taken, held or declined."""
    return listed(lambda c, page: c.v1.charges.list(_both({"transfer_group": group}, page)))


def list_transfers(*, group: str, destination: str = "") -> Result:
    """A market's transfers, to one account or to all."""
    wanted = {"transfer_group": group} | ({"destination": destination} if destination else {})
    return listed(lambda c, page: c.v1.transfers.list(_both(wanted, page)))


def list_refunds(*, charge: str) -> Result:
    """What was given back of a charge."""
    return listed(lambda c, page: c.v1.refunds.list(_both({"charge": charge}, page)))


def list_reversals(*, transfer: str) -> Result:
    """What was brought back of a transfer."""
    return listed(lambda c, page: c.v1.transfers.reversals.list(transfer, _both({}, page)))


def _post(path: str, params: dict[str, Any], key: str) -> Result:
    """A call that moves money: raw, for making the SDK's objects of the answer costs three times the rest of it."""
    return call(lambda c: c.raw_request("post", path, **params, idempotency_key=key))


def _since(moment: datetime) -> dict[str, Any]:
    return {"created": {"gte": int((moment - SKEW).timestamp())}}


def _both(wanted: dict[str, Any], page: dict[str, Any]) -> Any:
    return {**wanted, **page}
