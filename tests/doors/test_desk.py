"""The operator's desk: every rule's form and try, buttons that stand when they should, and nobody past his role."""

import json
from datetime import timedelta
from importlib.metadata import EntryPoint
from random import Random

import jsonschema
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import mechanisms
from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.doors.desk.site import PAGES
from marketplace.markets.catalogue import rules
from marketplace.markets.desk import badges, situations
from marketplace.markets.desk.samples import sample_bids
from marketplace.markets.drafts import clone_market
from marketplace.markets.drawing import NOT_FOR_MARKETS, drawn
from marketplace.markets.extending import extend_market
from marketplace.markets.models import Market
from mechanisms import registry
from mechanisms.check.generating import random_params
from mechanisms.claims import ASSUMPTIONS, OUTCOME_CLAIMS, RULE_CLAIMS
from tests.factories import Trader, buy, close_now, open_a_market
from tests.mandates.people import Person
from tests.markets.test_admin import stated

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
SLUGS = [spec.slug for spec in mechanisms.specs("auction")]
MAY = {
    "markets.change_market": {"operator"},
    "reports.add_export": {"operator", "economist"},
    "markets.view_market": {"operator", "economist", "auditor"},
}


def staff(role: str) -> Client:
    user = User.objects.create_user(f"{role} {User.objects.count()}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def desk(client: Client, market: Market) -> str:
    return client.get(reverse("admin:desk-market", args=[market.pk])).content.decode()


def press(client: Client, market: Market, act: str, **said: str) -> str:
    answer = client.post(reverse(f"admin:desk-{act}", args=[market.pk]), said, follow=True)
    return answer.content.decode()


def a_draft(**stated: object) -> Market:
    market = open_a_market(**stated)
    Market.objects.filter(pk=market.pk).update(state=Market.State.DRAFT)
    market.refresh_from_db()
    return market


@pytest.mark.parametrize("slug", SLUGS)
def test_the_form_that_a_rule_draws_holds_what_the_rule_takes_and_no_more(slug: str) -> None:
    """Whatever the rule draws from its own examples fits the drawn schema, and the form's first values are accepted."""
    spec, rng = mechanisms.get(slug), Random(7)
    schema = drawn(spec)
    names = set(spec.params.model_fields) - set(NOT_FOR_MARKETS)
    assert set(schema["properties"]) == names
    assert all(field.get("title") and field.get("description") for field in schema["properties"].values())
    for _ in range(20):
        params = spec.read_params(random_params(spec, rng)).model_dump(mode="json")
        shown = {name: _number(value) for name, value in params.items() if name in names and value is not None}
        jsonschema.validate(shown, schema)
        spec.read_params(shown)


def _number(value: object) -> object:
    """Exact decimals as the browser has them."""
    if isinstance(value, dict):
        return {name: _number(part) for name, part in value.items()}
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


@pytest.mark.parametrize("slug", SLUGS)
def test_sample_bids_are_bids_that_the_rule_takes_and_clears(slug: str) -> None:
    spec = mechanisms.get(slug)
    params = {"clicks": [5, 3]} if "clicks" in spec.params.model_fields else {}
    lot = {"id": "a", "supply": 2} if params else {"id": "a"}
    second = {"id": "b"} if spec.sides == "two" else {"id": "b", "reserve": 700}
    lots = [lot, second] if spec.bundles else [lot]
    statuses = set()
    for seed in range(5):
        bids = sample_bids(spec, lots, seed)
        assert bids == sample_bids(spec, lots, seed)
        head = {"mechanism": slug, "params": params, "seed": "00", "currency": "EUR", "exponent": 2}
        statuses.add(mechanisms.run(slug, mechanisms.read_problem({**head, "lots": lots, "bids": bids})).status)
    assert "cleared" in statuses


def test_every_claim_and_assumption_has_its_sentence_and_every_situation_its_rules() -> None:
    assert set(badges.CLAIMS) == {*OUTCOME_CLAIMS, *RULE_CLAIMS}
    assert set(badges.ASSUMPTIONS) == set(ASSUMPTIONS)
    for situation in situations.SITUATIONS:
        assert 1 <= len(situation.choices) <= 3
        assert all(mechanisms.get(choice.slug) and choice.gives_up for choice in situation.choices)


def test_a_rule_of_another_package_has_a_form_without_a_line_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    given = EntryPoint("installed_rule", "tests.doors.installed_rule", registry.GROUP)
    monkeypatch.setattr(registry, "_plugins", {given.name: given})
    monkeypatch.setattr(registry, "_rules", dict(registry._rules))
    rules.cache_clear()
    try:
        operator, form = staff("operator"), reverse("admin:markets_market_add")
        page = operator.get(f"{form}?mechanism=installed_rule").content.decode()
        assert "How many bids must come before anything is sold." in page
        answer = operator.post(form, stated(mechanism="installed_rule", params='{"quorum": 0}'))
        assert "Quorum: " in answer.content.decode()
        operator.post(form, stated(mechanism="installed_rule", params='{"quorum": 3}'))
        assert Market.objects.get().params == {"quorum": 3}
    finally:
        rules.cache_clear()


def test_nobody_passes_his_role_at_the_desk() -> None:
    market = open_a_market(mechanism="english")  # played in moves: nothing is cleared to try it
    arguments = {"slug": "none", "name": "truthful", "pk": market.pk}
    found, expected = {}, {}
    for role in ("operator", "settlement clerk", "economist", "auditor"):
        client = staff(role)
        for route, _, name, permission in PAGES:
            given = {key: value for key, value in arguments.items() if f":{key}>" in route}
            posts = permission != "markets.view_market" or name == "desk-verify"
            path = reverse(f"admin:{name}", kwargs=given)
            status = (client.post(path) if posts else client.get(path)).status_code
            found[role, name] = status != 403
            expected[role, name] = role in MAY[permission]
    assert found == expected
    outsider = Client()
    outsider.force_login(Person().user, "django.contrib.auth.backends.ModelBackend")
    assert outsider.get(reverse("admin:desk-market", args=[market.pk])).status_code == 302


def test_buttons_stand_when_they_can_be_pressed_and_lead_where_they_say() -> None:
    operator, market = staff("operator"), a_draft()
    assert "Open now: yes" in desk(operator, market)
    assert "Open now: done." in press(operator, market, "open")
    assert "nothing has changed" in press(operator, market, "open")
    later = (timezone.now() + timedelta(hours=5)).replace(second=0, microsecond=0)
    assert "Extend: done." in press(operator, market, "extend", closes_at=f"{later:%Y-%m-%dT%H:%M}")
    market.refresh_from_db()
    assert market.closes_at == later
    assert "no instant" in press(operator, market, "extend", closes_at="soon")
    trader = Trader()
    trader.join(market)
    trader.bid(market, buy("room", 1000))
    assert "Extend: yes" not in desk(operator, market)
    assert "the close is a promise" in press(operator, market, "extend", closes_at="2027-01-01T00:00")
    assert "refused" in press(operator, market, "close")  # no reason
    market.refresh_from_db()
    assert market.state == "open"
    assert "Close early: done." in press(operator, market, "close", reason="storm")
    sweeps.run_due()
    page = desk(operator, market)
    assert "closed early by staff" in page
    assert "Verify its certificate again" in page
    assert "Cancel: yes" not in page


def test_a_close_is_extended_within_bounds_and_only_to_later() -> None:
    market = open_a_market()
    for instant in (market.closes_at, timezone.now() + timedelta(days=400)):
        with pytest.raises(Refusal) as refused:
            extend_market(market=market, closes_at=instant, by="staff 1")
        assert refused.value.code == "closing_out_of_bounds"
    close_now(market)
    assert not extend_market(market=market, closes_at=timezone.now() + timedelta(hours=1), by="staff 1")


def test_a_clone_is_a_new_draft_of_the_same_sale() -> None:
    seller = Trader(payout=True).agent
    lots = [{"id": "a", "reserve": 300, "seller": seller.ref, "attributes": {"stars": 4}}, {"id": "b"}]
    market = open_a_market(mechanism="vcg", params={"node_limit": 50}, lots=lots, disclosure="public")
    close_now(market)
    twin = clone_market(market=market)
    assert (twin.state, twin.participants, twin.params) == ("draft", 0, {"node_limit": 50})
    assert twin.ref != market.ref
    assert twin.seed != market.seed
    assert twin.closes_at > timezone.now()
    fields = ("name", "reserve", "seller", "attributes")
    assert list(twin.lots.order_by("pk").values_list(*fields)) == list(market.lots.order_by("pk").values_list(*fields))


def test_trying_a_draft_shows_the_other_rules_and_takes_bids_of_ones_own() -> None:
    operator, market = staff("operator"), a_draft(mechanism="second_price")
    path = reverse("admin:desk-try", args=[market.pk])
    shown = operator.get(path).context
    slugs = [outcome.slug for outcome in shown["outcomes"]]
    assert slugs[0] == "second_price"
    assert {"first_price", "uniform_price", "vcg"} < set(slugs)
    assert shown["chart"] is not None
    given = json.dumps([{"agent": "x", "steps": [{"lot": "room", "quantity": 1, "price": price}]} for price in (900,)])
    mine = operator.post(path, {"bids": given}).context["outcomes"]
    assert {outcome.slug: outcome.revenue for outcome in mine}["first_price"] == "9.00 EUR"
    for wrong in (
        "[",
        "{}",
        '[{"agent": "x"}]',
        '[{"agent": "x", "steps": [{"lot": "y", "quantity": 1, "price": 1}]}]',
    ):
        assert operator.post(path, {"bids": wrong}).context["refused"]
    market.refresh_from_db()
    assert market.state == "draft"


@pytest.mark.parametrize("disclosure", ["own_only", "public"])
def test_bids_of_a_closed_market_are_cleared_again_only_where_they_are_told(disclosure: str) -> None:
    market = open_a_market(disclosure=disclosure)
    for value in (1000, 700):
        trader = Trader()
        trader.join(market)
        trader.bid(market, buy("room", value))
    operator, path = staff("operator"), reverse("admin:desk-try", args=[market.pk])
    while_open = operator.get(path).content.decode()
    assert "prt_" not in while_open  # sample bids, nobody's
    close_now(market)
    sweeps.run_due()
    shown = operator.get(path)
    if disclosure == "own_only":
        assert "its bids are not cleared again" in shown.context["refused"]
        assert "10.00 EUR" not in shown.content.decode()
    else:
        assert {each.slug: each.revenue for each in shown.context["outcomes"]}["first_price"] == "10.00 EUR"


def test_today_lists_what_needs_a_hand_and_only_to_whom_may_look() -> None:
    market = open_a_market(title="Soon over", closes_in_s=600)
    operator, clerk = staff("operator"), staff("settlement clerk")
    assert "Soon over" in operator.get(reverse("admin:index")).content.decode()
    seen = clerk.get(reverse("admin:index")).content.decode()
    assert "Soon over" not in seen
    assert "Money that does not move" in seen
    close_now(market)
    assert "Soon over: in 0 min" in operator.get(reverse("admin:index")).content.decode()


def test_pages_cost_the_same_whatever_the_number_of_bids(django_assert_max_num_queries) -> None:
    operator, market = staff("operator"), open_a_market(several_agents=True)
    paths = [reverse("admin:index"), reverse("admin:desk-market", args=[market.pk])]
    before = [_queries(operator, path) for path in paths]
    for _ in range(12):
        trader = Trader()
        trader.join(market)
        trader.bid(market, buy("room", 900))
    for path, counted in zip(paths, before, strict=True):
        with django_assert_max_num_queries(counted + 3):
            operator.get(path)


def _queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)


def test_what_is_offered_for_another_rule_does_not_change_the_draft() -> None:
    operator, market = staff("operator"), a_draft(mechanism="vcg", lots=[{"id": "a"}, {"id": "b"}])
    path = reverse("admin:markets_market_change", args=[market.pk])
    assert "Reference" in operator.get(f"{path}?mechanism=core_selecting").content.decode()
    market.refresh_from_db()
    assert market.mechanism == "vcg"
