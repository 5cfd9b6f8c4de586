"""A person's pages without a browser: its times, its account, what is left of its ceilings, what became of its asks."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from marketplace.bidding.stopping import stop_trading
from marketplace.mandates import documents
from marketplace.mandates.grants import make_subagent
from tests.doors.test_pages_wants import signed_in
from tests.factories import open_a_market
from tests.mandates.people import Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
BOUNDED = {"ceilings": {"EUR": {"day_minor": 30000, "standing_minor": 20000}}, "ask": [{"when": {}}]}


def told(client: Client, path: str) -> str:
    return client.get(f"/me/{path}").content.decode()


def test_every_time_is_that_of_where_the_person_lives() -> None:
    ada, market = Person(BOUNDED), open_a_market()
    client = signed_in(ada)
    ada.join(market, 10000)
    for zone in ("Asia/Kathmandu", "America/St_Johns"):
        assert client.post("/me/account/", {"time_zone": zone}).status_code == 302
        assert f"Days and hours are now those of {zone}." in told(client, "account/")
        close = market.closes_at.astimezone(ZoneInfo(zone))
        granted = ada.agent.mandates.get().granted_at.astimezone(ZoneInfo(zone))
        assert f"{close:%H:%M:%S}</time>" in told(client, f"asks/{ada.asked().ref}/")
        assert f"{close:%H:%M}</time>" in told(client, "")
        assert f"{granted:%H:%M}, by" in told(client, f"rules/{ada.agent.ref}/")
        assert f"Times are those of {zone}." in told(client, "done/")
    client.post("/me/account/", {"time_zone": "Mars/Olympus"})
    ada.principal.refresh_from_db()
    assert ada.principal.time_zone == "America/St_Johns"


def test_the_rules_say_what_is_left_and_who_stands_above() -> None:
    ada = Person(BOUNDED)
    below, _ = make_subagent(parent=ada.agent, name="Scout", document=documents.read(BOUNDED))
    client = signed_in(ada)
    ada.join(open_a_market(), 10000)
    ada.answer("yes")
    assert "Still left: 200.00 EUR today, 100.00 EUR more open at one time." in told(client, f"rules/{ada.agent.ref}/")
    shown = told(client, f"rules/{below.ref}/")
    assert f"It stands below <bdi>{ada.agent.name}</bdi>" in shown


def test_a_question_of_an_agent_that_was_stopped_is_not_told_as_a_yes() -> None:
    ada = Person(BOUNDED)
    ada.join(open_a_market(title="Two seats"), 10000)
    stop_trading(agent=ada.agent)
    shown = told(signed_in(ada), "asks/")
    assert "You stopped the agent before you answered. Nothing was done." in shown
    assert "Spend up to 100.00 EUR in “Two seats”?" in shown
    assert "You said yes" not in shown
