"""The doors themselves: what a crash or a rollback of ours leaves, and the server inside another process."""

import os
import subprocess
import sys

import pytest
import stripe
from django.db import connections, transaction
from sandbox_process import ROOT
from stories import Story

from marketplace.stripe_sandbox.client import InProcessClient
from marketplace.stripe_sandbox.router import ALIAS
from marketplace.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.skipif(ALIAS not in connections, reason="STRIPE_SANDBOX_DATABASE is not set")


@pytest.mark.django_db(transaction=True, databases=["default", ALIAS])
def test_it_is_not_to_be_called_inside_a_transaction_of_ours():
    http = InProcessClient()
    story = Story(stripe.StripeClient("sk_test_x", http_client=http).v1)

    def pay_and_fail() -> None:
        with transaction.atomic():
            story.pay()

    with pytest.raises(RuntimeError, match="inside a transaction of ours"):
        pay_and_fail()
    assert story.api.payment_intents.list({"customer": story.customer.id}).data == []
    http.close()


@pytest.mark.django_db(transaction=True, databases=[ALIAS])
def test_the_server_lives_on_a_thread_as_well():
    sandbox = Sandbox()
    sandbox.start()
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": sandbox.url})
    assert Story(client.v1).pay().status == "requires_capture"
    client._requestor._client.close()
    sandbox.stop()


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        ([], {"STRIPE_SANDBOX_DATABASE": ""}, "STRIPE_SANDBOX_DATABASE"),
        ([], {"STRIPE_API_KEY": "sk_test_a_real_account"}, "a Stripe account"),
        ([], {"WALRAS_HTTPS": "1"}, "WALRAS_HTTPS"),
        (["--webhook-url", "http://127.0.0.1:1/", "--webhook-secret", "x"], {}, "whsec_"),
    ],
)
def test_the_command_says_what_it_lacks(arguments, environment, says):
    command = [sys.executable, "manage.py", "stripe_sandbox", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert says in done.stderr
