"""What operators configure keeps its history: who changed what, and nothing that is secret or lived."""

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.drafts import CHANGEABLE
from marketplace.markets.models import Lot, Market
from marketplace.markets.services import create_market, open_market
from marketplace.preferences.models import Category
from tests.factories import ConfigurationFactory, Trader, open_a_market
from tests.markets.test_admin import MARKETS, again, stated

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("olga"))
    return client


def told(client: Client, name: str, pk: int) -> list[tuple[str, str, list[tuple[str, object, object]]]]:
    """The lines of a history page, newest first."""
    shown = client.get(reverse(f"admin:{name}_history", args=[pk]))
    assert shown.status_code == 200
    return [(line.who, line.what, line.changes) for line in shown.context["lines"]]


def test_a_market_made_and_changed_by_hand_tells_who_did_what(operator: Client) -> None:
    operator.post(f"{MARKETS}add/", stated())
    market = Market.objects.get()
    operator.post(f"{MARKETS}{market.pk}/change/", again(market, title="A better room", **{"lots-0-reserve": 500}))
    lines = told(operator, "markets_market", market.pk)
    assert {who for who, _, _ in lines} == {f"staff {User.objects.get().pk}"}
    changes = {change for _, _, changes in lines for change in changes}
    assert {("title", "A room", "A better room"), ("reserve", 0, 500)} <= changes
    assert [what.split()[-1] for _, what, _ in lines] == ["changed", "changed", "made", "made"]


def test_a_market_made_through_the_api_names_its_operator_and_opening_leaves_no_line() -> None:
    operator = Trader(scope="operate")
    config = msgspec.convert(ConfigurationFactory(), MarketConfiguration)
    market = create_market(config=config, operator=operator.agent)
    open_market(market=market)
    assert [row.history_change_reason for row in market.history.all()] == [operator.agent.ref]
    assert [row.history_change_reason for row in Lot.history.filter(market_id=market.pk)] == [operator.agent.ref]


def test_only_what_is_configured_is_remembered() -> None:
    kept = {field.name for field in Market.history.model.tracked_fields}
    assert kept == {"id", "ref", "currency", *CHANGEABLE}


def test_histories_are_read_and_never_written(operator: Client) -> None:
    market = open_a_market()
    page = reverse("admin:markets_market_history", args=[market.pk])
    version = market.history.get().pk
    for address in (page, f"{page}{version}/"):
        operator.post(address, stated(title="Reverted"), follow=True)
    assert (Market.objects.get().title, market.history.count()) == (market.title, 1)


def test_a_category_remembers_its_wordings(operator: Client) -> None:
    schema = '{"title": "A seat", "attributes": {"row": {"type": "number"}}}'
    operator.post(reverse("admin:preferences_category_add"), {"name": "seat/1", "schema": schema})
    row = Category.objects.get()
    again_ = schema.replace("A seat", "A good seat")
    operator.post(reverse("admin:preferences_category_change", args=[row.pk]), {"schema": again_})
    (changed, made) = told(operator, "preferences_category", row.pk)
    olga = f"staff {User.objects.get().pk}"
    assert (made[:2], changed[:2]) == ((olga, "category seat/1 made"), (olga, "category seat/1 changed"))
    assert [(field, new["title"]) for field, _, new in changed[2]] == [("schema", "A good seat")]
