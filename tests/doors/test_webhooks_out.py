"""Outgoing webhooks: the inbox signed and in order, retried for a day, disabled with notice, to public hosts only."""

import ipaddress
import itertools
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from marketplace.agents.inbox import inbox_of, tell
from marketplace.core import limits, streams
from marketplace.core.refusals import Refusal
from marketplace.doors.models import Webhook
from marketplace.doors.webhooks import addresses, sweeps
from marketplace.doors.webhooks.addresses import allowed, checked_url
from marketplace.doors.webhooks.services import add_webhook, rotate_secret, try_webhook
from tests.doors.test_rest import Caller
from tests.factories import Trader, open_a_market
from tests.mandates.people import Person
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


class Receiver:
    """Takes what comes, verified by the scheme's own library, and answers what it is told to."""

    def __init__(self) -> None:
        self.secret, self.status, self.location = "", 204, ""
        self.taken: list[dict] = []
        self.ids: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.ids.append(self.headers["webhook-id"])
                receiver.taken.append(Verifier(receiver.secret).verify(body, dict(self.headers)))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def note(trader: Trader, n: int, kind: str = "checkin.asked") -> None:
    with transaction.atomic():
        tell(agent_ref=trader.agent.ref, kind=kind, facts={"n": n})


def hooked(trader: Trader, receiver: Receiver, kinds: tuple[str, ...] = ()) -> Webhook:
    made = add_webhook(agent=trader.agent, url=receiver.url, kinds=kinds)
    receiver.secret = made.secret.open()
    return made


def let_pass(webhook: Webhook, **time: float) -> Webhook:
    """Time goes by for a webhook."""
    webhook.refresh_from_db()
    webhook.due_at -= timedelta(**time)
    webhook.failing_since = webhook.failing_since and webhook.failing_since - timedelta(**time)
    webhook.save()
    return webhook


def test_the_inbox_arrives_signed_in_order_and_in_the_bytes_of_every_door(receiver: Receiver) -> None:
    trader, other = Trader(card=None), Trader(card=None)
    note(trader, 0)  # before there was a webhook
    webhook = hooked(trader, receiver)
    for n in range(1, 46):
        note(trader, n)
    note(other, 99)
    while sweeps.deliver_due():
        pass
    assert [frame["data"]["n"] for frame in receiver.taken] == list(range(1, 46))
    assert receiver.ids == [f"{webhook.ref}.{n}" for n in range(2, 47)]
    rows = streams.read(inbox_of(trader.agent.ref), 1)
    assert receiver.taken == [json.loads(streams.frame(inbox_of(trader.agent.ref), row)) for row in rows]
    webhook.refresh_from_db()
    assert (webhook.delivered, webhook.last_status, webhook.tries) == (46, 204, 0)


def test_who_waits_for_its_person_hears_the_question_and_the_answer(receiver: Receiver) -> None:
    person = Person({"alone": [{"when": {"currency": "EUR", "up_to_minor": 5000}}]})
    hooked(person, receiver, kinds=("checkin.asked", "checkin.answered"))
    assert person.join(open_a_market(), 10000).state == "asking"
    while sweeps.deliver_due():
        pass
    asked = person.asked()
    assert [(frame["kind"], frame["data"]["checkin"]) for frame in receiver.taken] == [("checkin.asked", asked.ref)]
    person.answer("yes")
    while sweeps.deliver_due():
        pass
    assert [frame["kind"] for frame in receiver.taken] == ["checkin.asked", "checkin.answered"]


def test_what_is_not_taken_is_tried_again_later_and_later_and_nothing_overtakes_it(receiver: Receiver) -> None:
    trader = Trader(card=None)
    webhook = hooked(trader, receiver)
    note(trader, 1)
    note(trader, 2)
    receiver.status = 500
    pauses = []
    for _ in range(5):
        assert sweeps.deliver_due() == 1
        assert sweeps.deliver_due() == 0  # not due
        webhook.refresh_from_db()
        pauses.append((webhook.due_at - timezone.now()).total_seconds())
        let_pass(webhook, hours=5)
    assert all(later > 2 * sooner for sooner, later in itertools.pairwise(pauses))
    assert receiver.ids == [f"{webhook.ref}.1"] * 5  # the same id at each try
    receiver.status = 200
    while sweeps.deliver_due():
        pass
    assert receiver.ids[5:] == [f"{webhook.ref}.1", f"{webhook.ref}.2"]
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.last_status) == (None, 200)


def test_after_a_day_it_is_disabled_with_notice_and_the_test_button_brings_it_back(receiver: Receiver) -> None:
    trader = Trader(card=None)
    webhook = hooked(trader, receiver)
    note(trader, 1)
    receiver.status = 503
    for _ in range(5):
        sweeps.deliver_due()
        assert let_pass(webhook, hours=4.9).state == "active"
    sweeps.deliver_due()
    assert let_pass(webhook, hours=1).state == "disabled"
    assert sweeps.deliver_due() == 0
    last = streams.read(inbox_of(trader.agent.ref))[-1]
    assert last.kind == "webhook.disabled"
    assert json.loads(last.payload)["webhook"] == webhook.ref
    receiver.status, receiver.ids = 200, []
    assert try_webhook(webhook=webhook) == 3
    while sweeps.deliver_due():
        pass
    assert receiver.ids == [f"{webhook.ref}.{n}" for n in (1, 2, 3)]  # nothing was missed


@pytest.mark.parametrize("status", [410, 307])
def test_gone_disables_at_once_and_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    trader, elsewhere = Trader(card=None), Receiver()
    webhook = hooked(trader, receiver)
    receiver.status, receiver.location = status, elsewhere.url
    note(trader, 1)
    assert sweeps.deliver_due() == 1
    webhook.refresh_from_db()
    assert (webhook.state, webhook.delivered) == ("disabled" if status == 410 else "active", 0)
    assert elsewhere.taken == []
    elsewhere.close()


def test_only_the_kinds_asked_for_and_the_others_do_not_stand_in_the_way(receiver: Receiver) -> None:
    trader = Trader(card=None)
    webhook = hooked(trader, receiver, ("round.cleared",))
    for n, kind in enumerate(("checkin.asked", "round.cleared", "checkin.asked", "round.cleared", "checkin.asked")):
        note(trader, n, kind)
    try_webhook(webhook=webhook)
    sweeps.deliver_due()
    assert [frame["kind"] for frame in receiver.taken] == ["round.cleared", "round.cleared", "webhook.test"]


def test_both_secrets_sign_for_a_day_after_a_rotation(receiver: Receiver) -> None:
    trader = Trader(card=None)
    webhook = hooked(trader, receiver)
    new = rotate_secret(webhook=webhook).secret.open()
    assert new != receiver.secret
    for n, secret in enumerate((receiver.secret, new)):
        receiver.secret = secret
        note(trader, n)
        sweeps.deliver_due()
    assert len(receiver.taken) == 2
    Webhook.objects.update(rotated_at=timezone.now() - timedelta(hours=25))
    receiver.taken.clear()
    note(trader, 2)
    sweeps.deliver_due()
    assert len(receiver.taken) == 1


PRIVATE = """127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 2002:7f00:1:: fec0::1 2001:db8::1"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses_are_refused_when_they_are_named_and_when_a_name_leads_there(address, settings, monkeypatch):
    settings.WEBHOOK_LOOPBACK = False
    assert not allowed(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Refusal):
        checked_url(f"https://{host}/hook")
    trader = Trader(card=None)
    webhook = add_webhook(agent=trader.agent, url="https://agent.example/hook")
    note(trader, 1)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in ("8.8.8.8", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert sweeps.deliver_due() == 1
    webhook.refresh_from_db()
    assert "not public" in webhook.last_error


@pytest.mark.parametrize("url", ["https://127.1/", "https://0x7f000001/", "https://2130706433/"])
def test_other_spellings_of_loopback_lead_nowhere_either(url, settings):
    settings.WEBHOOK_LOOPBACK = False
    trader = Trader(card=None)
    webhook = add_webhook(agent=trader.agent, url=url)
    note(trader, 1)
    sweeps.deliver_due()
    webhook.refresh_from_db()
    assert webhook.last_status is None
    assert webhook.delivered == 0


def test_the_name_is_looked_up_once_and_the_address_that_was_judged_is_used(receiver: Receiver, monkeypatch) -> None:
    """A name that leads to a good address first and to a bad one a moment later gains nothing."""
    trader = Trader(card=None)
    port = receiver.url.rpartition(":")[2]
    made = add_webhook(agent=trader.agent, url=f"http://rebinding.example:{port}")
    receiver.secret = made.secret.open()
    asked = []

    async def resolved(parts) -> str:
        asked.append(parts.hostname)
        return "127.0.0.1"

    monkeypatch.setattr("marketplace.doors.webhooks.sending.resolved", resolved)
    note(trader, 1)
    sweeps.deliver_due()
    assert asked == ["rebinding.example"]  # had the client looked it up itself, it would have found nothing
    assert len(receiver.taken) == 1
    assert addresses.URL_CHARS == 500


BAD_URLS = ["", "ftp://a.example/", "https://", "https://user:pw@a.example/", "https://a.example/#x", "not a url"]
BAD_URLS += ["https://a.example:0/", "https://a.example:99999/", "https://[::1/", "https://a.example/" + "x" * 500]


def test_the_resource_adds_lists_rotates_tries_and_deletes(doors_only: Server, receiver: Receiver) -> None:
    trader, other = Trader(card=None), Trader(card=None)
    caller, stranger = Caller(doors_only, trader), Caller(doors_only, other)
    for url in BAD_URLS:
        said = caller.post("webhooks/", {"url": url})
        assert (said.status_code, said.json()["code"]) in ((422, "webhook_url_refused"), (400, "out_of_range")), url
    made = caller.post("webhooks/", {"url": receiver.url}, "k")
    assert made.status_code == 201
    assert caller.post("webhooks/", {"url": receiver.url}, "k").content == made.content
    row = made.json()
    receiver.secret = row["secret"]
    place = f"webhooks/{row['id']}/"
    listed = caller.get("webhooks/").json()["webhooks"]
    assert [hook["id"] for hook in listed] == [row["id"]]
    assert "secret" not in listed[0]
    assert caller.post(place + "test/", {}).json()["event"] == 1
    sweeps.deliver_due()
    assert receiver.taken[0]["kind"] == "webhook.test"
    assert caller.get(place).json()["delivered"] == 1
    assert caller.post(place + "rotate/", {}).json()["secret"] != row["secret"]
    for answer in (stranger.get(place), stranger.post(place + "test/", {}), stranger.post(place + "rotate/", {})):
        assert answer.json()["code"] == "webhook_not_found"
    assert caller.delete(place).status_code == 204
    assert caller.delete(place).json()["code"] == "webhook_not_found"
    more = [caller.post("webhooks/", {"url": receiver.url}).status_code for _ in range(limits.WEBHOOKS_PER_AGENT + 1)]
    assert more == [201] * limits.WEBHOOKS_PER_AGENT + [409]
