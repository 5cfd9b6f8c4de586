"""Markets that agents open themselves: by templates, within bounds and quotas, for all or for whom they invite."""

import uuid
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace.agents.inbox import inbox_of
from marketplace.agents.services import suspend_principal
from marketplace.core import limits, streams
from marketplace.core.refusals import Refusal
from marketplace.markets.invitations import invite
from marketplace.markets.models import Market, Template
from marketplace.markets.openings import Opening, OpeningLot, add_own_lots, open_by_template
from marketplace.markets.templates import approve_template, check_template, retire_template, ship_templates
from tests.factories import Trader, buy, close_now
from tests.mandates.people import Person
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ISSUES = {"price": [9000, 12000, 15000], "breakfast": ["yes", "no"]}
AGENDA = {"issues": ISSUES, "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}]}


def sale(**stated: Any) -> dict[str, Any]:
    """A sale of one painting."""
    lots = [{"id": "painting", "title": "Ships", "reserve": 3000}]
    return {"template": "sale", "title": "A painting", "currency": "EUR", "lots": lots, "closes_in_s": 600, **stated}


def haggle(*invited: Trader, **stated: Any) -> dict[str, Any]:
    """A stay to be haggled over."""
    whom = [trader.agent.ref for trader in invited]
    fixed = {"template": "haggle", "title": "Two nights", "currency": "EUR", "lots": [{"id": "stay"}]}
    return {**fixed, "closes_in_s": 600, "agenda": AGENDA, "invite": whom, "side": "buyer", **stated}


def opened(trader: Trader, body: dict[str, Any]) -> Market:
    market = open_by_template(opening=msgspec.convert(body, Opening), identity=trader.identity)
    market.refresh_from_db()
    return market


def refusal(act: Any, *arguments: Any, **named: Any) -> tuple[int, str, str | None]:
    with pytest.raises(Refusal) as caught:
        act(*arguments, **named)
    return caught.value.status, caught.value.code, caught.value.pointer


def kinds(trader: Trader) -> list[str]:
    return [row.kind for row in streams.read(inbox_of(trader.agent.ref))]


def test_an_agent_sells_its_own_without_an_operator(swept: Any) -> None:
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    market = opened(seller, sale())
    assert (market.state, market.opener, market.operator) == ("open", seller.agent, None)
    assert market.lots.get().seller == seller.agent
    for trader, value in ((buyer, 9000), (rival, 7000)):
        trader.join(market)
        trader.bid(market, buy("painting", value))
    close_now(market)
    swept()
    market.refresh_from_db()
    assert market.state == "settled"
    assert {"market.opened", "contract.accepted", "market.settled"} <= set(kinds(seller))


def test_a_haggle_is_for_whom_its_opener_invites_and_in_no_list_of_others(doors_only: Server) -> None:
    hotel, guest, stranger = Trader(card=None, payout=True), Trader(), Trader()
    for opener, other, side in ((guest, hotel, "buyer"), (hotel, guest, "seller")):
        market = opened(opener, haggle(other, side=side))
        assert market.lots.get().seller == hotel.agent
        assert "invitation.received" in kinds(other)
        assert refusal(stranger.join, market) == (403, "not_invited", None)
        listed = f"{doors_only.url}/api/v1/markets/?state=open"
        found = {who: HTTP.get(listed, headers=who.headers()).json()["markets"] for who in (hotel, guest, stranger)}
        assert [market.ref in {row["id"] for row in rows} for rows in found.values()] == [True, True, False]
        assert market.ref not in HTTP.get(f"{doors_only.url}/").text
        hotel.join(market, 0)
        guest.join(market, 150_00)
        assert Market.objects.get(pk=market.pk).course  # it has begun


def test_what_a_template_does_not_leave_open_is_refused_by_name() -> None:
    seller, other, unpayable = Trader(card=None, payout=True), Trader(), Trader(card=None)
    child = [{"id": "a"}, {"id": "b"}]
    for body, expected in (
        (sale(template="auction"), (404, "template_not_found", None)),
        (sale(params={"reserve": 1}), (422, "param_fixed", "/params/reserve")),
        (sale(side="buyer"), (422, "side_unclear", "/side")),
        (haggle(other, side=""), (422, "side_unclear", "/side")),
        (haggle(side="seller"), (422, "invitation_missing", "/invite")),
        (haggle(other, unpayable, side="seller"), (409, "too_many_invitations", "/agents")),
        (haggle(other, side="seller", params={"answer_s": 0}), (422, "param_out_of_bounds", "/params/answer_s")),
        (haggle(other, side="seller", params={"answer_s": True}), (422, "param_out_of_bounds", "/params/answer_s")),
        (haggle(other, side="seller", params={"first": "me"}), (422, "param_out_of_bounds", "/params/first")),
        (haggle(other, side="seller", agenda=None), (422, "agenda_missing", "/agenda")),
        (sale(closes_in_s=7 * 24 * 3600), (422, "closing_out_of_bounds", "/closes_in_s")),
        (sale(lots=[{"id": f"l{n}"} for n in range(21)]), (422, "lots_out_of_bounds", "/lots")),
        (sale(lots=[{"id": "a", "category": "flight/9"}]), (422, "unknown_category", "/lots/0/category")),
        (sale(currency="XXX"), (422, "currency_unknown", "/currency")),
        (sale(invite=["agt_none"]), (404, "agent_not_found", None)),
        (sale(invite=[seller.agent.ref]), (403, "self_dealing", None)),
    ):
        assert refusal(opened, seller, body) == expected, body
    assert refusal(opened, unpayable, sale()) == (409, "seller_not_payable", None)
    with pytest.raises(Refusal) as caught:
        opened(other, haggle(unpayable))
    assert (caught.value.code, caught.value.extra) == (
        "seller_not_payable",
        {},
    )  # not what is due
    suspend_principal(principal=unpayable.agent.principal, reason="a test")
    assert refusal(opened, seller, haggle(unpayable, side="seller")) == (404, "agent_not_found", None)
    assert not Market.objects.exists()
    assert refusal(opened, seller, sale(lots=child, title="")) == (422, "text_out_of_bounds", "/title")


def test_quotas_bound_what_one_agent_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MARKETS_OPEN_PER_AGENT", 2)
    monkeypatch.setattr(limits, "MARKETS_A_DAY_PER_AGENT", 3)
    monkeypatch.setattr(limits, "INVITATIONS_PER_MARKET", 1)
    seller, one, two = Trader(card=None, payout=True), Trader(), Trader()
    first, second = opened(seller, sale()), opened(seller, sale())
    assert refusal(opened, seller, sale()) == (409, "too_many_markets", None)
    Market.objects.filter(pk=first.pk).update(state="cancelled")
    opened(seller, sale())
    Market.objects.filter(pk=second.pk).update(state="cancelled")
    assert refusal(opened, seller, sale()) == (409, "too_many_markets", None)
    market = Market.objects.get(state="open")
    for _ in range(2):
        invite(market=market, identity=seller.identity, agents=[one.agent.ref])
    assert kinds(one) == ["invitation.received"]
    again = {"market": market, "agents": [two.agent.ref]}
    assert refusal(invite, identity=seller.identity, **again) == (409, "too_many_invitations", "/agents")
    assert refusal(invite, identity=one.identity, **again) == (403, "not_the_opener", None)
    assert refusal(invite, market=second, identity=seller.identity, agents=[]) == (409, "market_not_open", None)


def test_who_must_ask_before_a_deal_may_not_open_a_market_for_one() -> None:
    asking, denied = Person({"ask": [{"when": {}}]}, payout=True), Person({"never": [{"when": {}}]}, payout=True)
    assert refusal(opened, asking, sale()) == (403, "opening_not_alone", None)
    assert refusal(opened, denied, sale()) == (403, "mandate_denied", None)
    alone = Person({"alone": [{"when": {"currency": "EUR", "up_to_minor": 20000}}]}, payout=True)
    assert opened(alone, sale()).state == "open"


def test_a_market_to_come_takes_more_lots_and_tells_the_invited_when_it_opens(doors_only: Server, swept: Any) -> None:
    seller, guest = Trader(card=None, payout=True), Trader()
    url = f"{doors_only.url}/api/v1/markets/"
    body = sale(opens_at="2100-01-01T00:00:00Z", invite=[guest.agent.ref])
    made = HTTP.post(url, json=body, headers=seller.headers("one")).json()
    assert HTTP.post(url, json=body, headers=seller.headers("one")).json() == made
    assert (made["state"], made["opener"], made["template"]) == ("draft", seller.agent.ref, "sale")
    lots = f"{url}{made['id']}/lots/"
    more = {"lots": [{"id": "frame", "reserve": 100}]}
    assert HTTP.post(lots, json=more, headers=guest.headers()).status_code == 404
    added = HTTP.post(lots, json=more, headers=seller.headers())
    assert added.status_code == 201, added.text
    assert [lot["id"] for lot in added.json()["lots"]] == ["painting", "frame"]
    twice = HTTP.post(lots, json=more, headers=seller.headers()).json()
    assert (twice["status"], twice["pointer"]) == (422, "/lots/0/id")
    assert kinds(guest) == []
    Market.objects.filter(ref=made["id"]).update(opens_at="2020-01-01T00:00:00Z")
    swept()
    assert kinds(guest) == ["invitation.received"]
    late = HTTP.post(lots, json={"lots": [{"id": "late"}]}, headers=seller.headers()).json()
    assert late["code"] == "market_frozen"
    asked = HTTP.get(f"{url}{made['id']}/invitations/", headers=seller.headers()).json()["invitations"]
    assert [(row["agent"], row["joined"]) for row in asked] == [(guest.agent.ref, False)]
    told = HTTP.get(f"{doors_only.url}/api/v1/templates/", headers=guest.headers()).json()["templates"]
    assert {"sale", "haggle"} <= {row["id"] for row in told}
    market = Market.objects.get(ref=made["id"])
    assert refusal(add_own_lots, market=market, identity=guest.identity, lots=[OpeningLot("x")])[1] == "not_the_opener"


def written(**stated: Any) -> Template:
    fixed = {"title": "x", "description": "x", "mechanism": "alternating_offers", "side": "either"}
    return Template(**{"name": f"t{uuid.uuid4().hex[:8]}", **fixed, **stated})


def test_an_operator_writes_approves_and_retires_a_template_in_the_admin() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    fields = {"name": "quick", "title": "Quick", "description": "x", "mechanism": "ultimatum", "side": "either"}
    fields |= {"params": "{}", "bounds": '{"nothing": {"least": 1}}', "currencies": "[]", "categories": "[]"}
    fields |= {"lots": 1, "invitations": 1, "shortest_s": 1, "longest_s": 60, "disclosure": "own_only", "fee_bp": 0}
    page = client.post(reverse("admin:markets_template_add"), fields)
    assert "is no parameter of this rule" in page.content.decode()
    client.post(reverse("admin:markets_template_add"), {**fields, "bounds": '{"answer_s": {"least": 1}}'})
    row = Template.objects.get(name="quick")
    changelist = reverse("admin:markets_template_changelist")
    states = []
    for action in ("approve", "approve", "retire"):
        client.post(changelist, {"action": action, "_selected_action": [row.pk]})
        states.append(Template.objects.get(pk=row.pk).state)
        assert client.get(reverse("admin:markets_template_change", args=[row.pk])).status_code == 200
    assert states == ["approved", "approved", "retired"]
    row.delete()


def test_a_template_that_could_open_nothing_is_not_approved_and_shipping_again_changes_nothing() -> None:
    for stated, code in (
        ({"mechanism": "fisher_market"}, "mechanism_not_for_markets"),
        ({"bounds": {"rounds": {"about": 3}}}, "bounds_invalid"),
        ({"params": {"rounds": 0}}, "invalid_params"),
        ({"currencies": ["XXX"]}, "currency_unknown"),
        ({"longest_s": 0}, "closing_out_of_bounds"),
        ({"lots": 0}, "lots_out_of_bounds"),
        ({"fee_bp": 9999}, "fee_out_of_bounds"),
        ({"disclosure": "none"}, "disclosure_unknown"),
    ):
        assert refusal(check_template, written(**stated))[1] == code
    haggling = Template.objects.get(name="haggle")
    assert approve_template(template=haggling, by="staff 1") is False
    assert (retire_template(template=haggling), retire_template(template=haggling)) == (True, False)
    ship_templates()
    assert refusal(opened, Trader(), haggle(Trader()))[1] == "template_not_found"
    Template.objects.filter(pk=haggling.pk).update(state="approved")
