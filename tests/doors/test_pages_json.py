"""Pages for programs: the same addresses answer JSON to who accepts it rather than HTML."""

import pytest

from tests.factories import Trader, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_page_answers_json_to_who_accepts_it(doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    key = {"Authorization": f"Bearer {trader.key}"}
    api = HTTP.get(f"{doors_only.url}/api/v1/markets/{market.ref}/", headers=key).json()
    frames = HTTP.get(f"{doors_only.url}/api/v1/markets/{market.ref}/events/", headers=key).json()["events"]
    page = HTTP.get(f"{doors_only.url}/markets/{market.ref}/", headers={"Accept": "application/json"})
    assert page.headers["content-type"] == "application/json"
    shown = page.json()
    assert shown.pop("events") == frames
    assert shown.pop("events_at") == f"/api/v1/markets/{market.ref}/events/"
    for answer in (shown, api):
        assert answer.pop("server_time")
    assert shown == api
    index = HTTP.get(f"{doors_only.url}/", headers={"Accept": "application/json"}).json()
    assert [row["id"] for row in index["markets"]] == [market.ref]
    missing = HTTP.get(f"{doors_only.url}/markets/mkt_none/", headers={"Accept": "application/json"})
    assert (missing.status_code, missing.json()["code"]) == (404, "market_not_found")


@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/html, application/json;q=0.5"])
def test_a_browser_gets_html(doors_only: Server, accept: str) -> None:
    for path in ("/", f"/markets/{open_a_market().ref}/"):
        page = HTTP.get(doors_only.url + path, headers={"Accept": accept})
        assert page.headers["content-type"].startswith("text/html")
        assert "Accept" in page.headers["vary"]
