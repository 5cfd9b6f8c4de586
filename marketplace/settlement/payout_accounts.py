"""Where principals are paid: connected accounts at Stripe, from the owner's form to the day that it is closed."""

from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace.agents.inbox import tell
from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.settlement import answers, attempts, calls, payouts
from marketplace.settlement.gateway import Declined, Done, Result
from marketplace.settlement.models import PayoutAccount
from marketplace.settlement.payment_methods import done

State = PayoutAccount.State
HOME = "NL"


def add_payout_account(*, principal: Principal, country: str = "") -> PayoutAccount:
    """The principal's connected account at Stripe, made where there is none; refused where it has one elsewhere."""
    account, _ = PayoutAccount.objects.get_or_create(
        principal=principal, defaults={"ref": new_ref("pay"), "country": country or HOME, "created_at": clock.now()}
    )
    if country and account.country != country:
        raise Refusal(
            409,
            "payout_account_exists",
            f"This principal has a payout account already, in {account.country}; there is one a principal.",
            "Leave the country out to go on with the account that there is.",
            "/country",
        )
    if not account.stripe_account:
        result = _create(account)
        if isinstance(result, Declined):
            PayoutAccount.objects.filter(pk=account.pk, stripe_account="").delete()
            raise _not_made(result)
        note_account(account, done(result))
    elif account.state == State.ENABLED:
        payouts.resume(principal=principal)
    return account


def _create(account: PayoutAccount) -> Result:
    named = {"walras": account.ref}
    return attempts.one_call(
        subject=account.ref,
        verb="create",
        key=f"{account.ref}:create",
        send=lambda key: calls.create_account(country=account.country, metadata=named, key=key),
        look=lambda since: answers.made_for(account.ref, calls.list_accounts(since=since), "walras"),
    )


def onboarding_page(*, account: PayoutAccount) -> str:
    """A fresh address at which the owner goes on with Stripe's form; it is good for minutes and for one visit."""
    back = f"{settings.PUBLIC_URL}/thanks/"
    made = done(calls.open_account_page(account=account.stripe_account, return_url=back))
    return str(made["url"])


def follow_account(*, account: PayoutAccount) -> PayoutAccount:
    """Ask Stripe how the account stands, outside any transaction; an enabled one changes by events."""
    if account.state != State.ENABLED:
        look_at_account(account=account)
    return account


def look_at_account(*, account: PayoutAccount) -> None:
    """Ask Stripe how the account stands, whatever we think of it; money that waited for it becomes due."""
    fetched = calls.fetch_account(account.stripe_account) if account.stripe_account else None
    if isinstance(fetched, Done):
        note_account(account, fetched.object)


@transaction.atomic
def note_account(account: PayoutAccount, made: dict[str, Any]) -> None:
    """Take over whether the connected account can be paid; money that waited for it becomes due."""
    if (named := (made.get("metadata") or {}).get("walras")) not in (None, account.ref):
        raise ValueError(f"{made['id']} was made for {named}, not for {account.ref}")
    before, known = (account.state, account.due), bool(account.stripe_account)
    requirements = made.get("requirements") or {}
    account.stripe_account = made["id"]
    account.state = _state(made)
    account.due = sorted({*(requirements.get("past_due") or ()), *(requirements.get("currently_due") or ())})
    account.save(update_fields=["stripe_account", "state", "due"])
    if known and before != (account.state, account.due):
        for ref in account.principal.agents.filter(stopped_at=None).values_list("ref", flat=True):
            facts = {"payout_account": account.ref, "state": account.state, "due": account.due}
            tell(agent_ref=ref, kind="account.changed", facts=facts)
    if account.state == State.ENABLED:
        payouts.resume(principal=account.principal)


def _state(made: dict[str, Any]) -> str:
    """Pending: the form is not sent, or Stripe looks at it; restricted: it wants more, or refuses."""
    able = (made.get("capabilities") or {}).get("transfers")
    if able == "active":
        return State.ENABLED
    return State.PENDING if able == "pending" or not made.get("details_submitted") else State.RESTRICTED


def _not_made(result: Declined) -> Refusal:
    return Refusal(
        422, "payout_account_refused", f"Stripe made no account: {result.detail}", "Correct the country, then repeat."
    )
