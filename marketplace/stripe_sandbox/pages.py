"""The pages that Stripe shows to people: the card's form, the bank's question, the seller's form.

Whoever has a page's address may use it, as at Stripe; a form sent is what the person does there.
"""

from html import escape
from typing import Any, NamedTuple

from django.db import transaction

from marketplace.stripe_sandbox.addresses import PAGES, page_address
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.cards import BY_NUMBER, card_named
from marketplace.stripe_sandbox.errors import Refusal
from marketplace.stripe_sandbox.objects import challenge, payment_intent, setup_intent
from marketplace.stripe_sandbox.objects.account import VERDICTS, Account
from marketplace.stripe_sandbox.objects.checkout_session import CheckoutSession
from marketplace.stripe_sandbox.objects.event import record
from marketplace.stripe_sandbox.objects.payment_method import PaymentMethod
from marketplace.stripe_sandbox.router import ALIAS

SHELL = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:1.1rem system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem}}
button,input,select{{font:inherit;padding:.5rem;margin:.3rem 0}}</style><h1>{title}</h1>{body}</html>"""
CARD = """<p>This stands for Stripe's page. No card is real: use one of Stripe's test cards.</p>{said}
<form method="post"><label>Card number <input name="number" value="4242424242424242" autocomplete="off"></label>
<button>Save the card</button></form>"""
BANK = """<p>Your bank asks whether it is you.</p><form method="post">
<button name="outcome" value="succeeded">It is me</button> <button name="outcome" value="failed">It is not</button>
</form>"""
SELLER = """<p>This stands for Stripe's page: who are you, and where shall your money go? What becomes of the form:</p>
<form method="post"><select name="outcome">{options}</select> <button>Send</button></form>"""
DONE = "<p>{said}</p>"


class Page(NamedTuple):
    """What a browser gets: a page, or where to go on."""

    status: int
    html: str = ""
    location: str = ""


def visit(path: str, sent: dict[str, Any] | None, request_id: str) -> Page:
    """Look at a page (`sent` is None), or send its form; under the writer's lock, in one commit."""
    name, _, subject = path.removeprefix(PAGES).partition("/")
    call = Call(sent or {}, (subject,), path, request_id, record)
    try:
        with transaction.atomic(using=ALIAS):
            return FORMS[name](call, sent is not None)
    except (Refusal, KeyError) as error:
        words = str(error) if isinstance(error, Refusal) else "There is no such page."
        return _page("Not here", DONE.format(said=escape(words)), 404)


def _card(call: Call, sent: bool) -> Page:
    session: CheckoutSession = call.own(CheckoutSession)
    if session.shown != "open":
        return _page("Over", DONE.format(said=f"This page is {session.shown}."), 410)
    return _save_card(session, call) if sent else _page("Save a card", CARD.format(said=""))


def _save_card(session: CheckoutSession, call: Call) -> Page:
    """The card typed in is confirmed for later use; the bank may want the person first."""
    number = str(call.params.get("number", "")).replace(" ", "")
    name = BY_NUMBER.get(number) or card_named(number)
    if name is None:
        return _page("Save a card", CARD.format(said="<p>Your card number is incorrect.</p>"), 402)
    intent = setup_intent.SetupIntent.find(session.setup_intent, "setup_intent")
    intent.payment_method = PaymentMethod.make({}, card_name=name).put().id
    result = intent.confirm(call)
    if isinstance(result, Refusal):
        return _page("Save a card", CARD.format(said=f"<p>{escape(str(result))}</p>"), 402)
    if intent.status == "requires_action":
        return Page(303, location=page_address("bank", intent.id))
    session.complete(call)
    return Page(303, location=session.success_url)


def _bank(call: Call, sent: bool) -> Page:
    intent: Any = payment_intent.PaymentIntent.seek(call.path_id) or setup_intent.SetupIntent.seek(call.path_id)
    if intent is None or intent.status != "requires_action":
        raise Refusal("Nobody is asked for this intent.")
    if not sent:
        return _page("Your bank", BANK)
    answer(intent, call)
    session = CheckoutSession.objects.filter(setup_intent=intent.id, status="open").first()
    if session is None:
        return _page("Thank you", DONE.format(said="You may close this page."))
    if intent.status != "succeeded":
        return Page(303, location=page_address("card", session.id))
    session.complete(call)
    return Page(303, location=session.success_url)


def answer(intent: Any, call: Call) -> None:
    """The person's answer to the bank's question."""
    if call.params.get("outcome") != "succeeded":
        intent.fail(challenge.unanswered(), call)
    elif isinstance(intent, setup_intent.SetupIntent):
        intent.succeed(call)
    else:
        intent.confirm({"return_url": "the page that asked"}, call, answered=True)


def _seller(call: Call, sent: bool) -> Page:
    account: Account = call.own(Account, "account")
    if not sent:
        options = "".join(f"<option>{verdict}</option>" for verdict in VERDICTS)
        return _page("Be paid", SELLER.format(options=options))
    account.judge(str(call.params.get("outcome", "")), call)
    if account.return_url:
        return Page(303, location=account.return_url)
    return _page("Thank you", DONE.format(said="You may close this page."))


def _page(title: str, body: str, status: int = 200) -> Page:
    return Page(status, SHELL.format(title=title, body=body))


FORMS = {"card": _card, "bank": _bank, "seller": _seller}
