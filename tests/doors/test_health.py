"""What operators and their machines look at: probes, figures, who may read them, and the dashboard that draws them."""

import json
import re
import time
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import OperationalError, close_old_connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from marketplace.bidding.intake import committer
from marketplace.core import metrics
from marketplace.core.sweeps import Runner
from marketplace.doors import figures, health
from marketplace.markets.models import Market
from tests.factories import Trader, buy, close_now, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
DOCS = Path(__file__).resolve().parents[2] / "docs"
NAME = re.compile(r"\b(?:walras|process)_[a-z_]+\b")
TOKEN = {"HTTP_AUTHORIZATION": "Bearer a-token-of-the-house"}


def read(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    return {
        f"{sample.name} {' '.join(sample.labels.values())}".strip(): sample.value
        for family in read(text).values()
        for sample in family.samples
    }


def test_a_whole_market_is_seen_in_the_figures(server: Server) -> None:
    assert HTTP.get(f"{server.url}/healthz").json() == {"status": "ok"}
    ready = HTTP.get(f"{server.url}/readyz")
    assert (ready.status_code, set(ready.json()["checks"].values()) - {"not used"}) == (200, {"ok"})
    market, traders = open_a_market(), [Trader(), Trader()]
    for trader, value in zip(traders, (5000, 4000), strict=True):
        trader.join(market)
        where = f"{server.url}/api/v1/markets/{market.ref}/bids/"
        assert HTTP.post(where, json=buy("room", value), headers=trader.headers()).status_code == 201
    where = f"{server.url}/api/v1/markets/{market.ref}/bids/"
    assert HTTP.post(where, json=buy("room", 20_000), headers=traders[0].headers()).status_code == 403
    close_now(market)
    until = time.monotonic() + 60
    while Market.objects.get(pk=market.pk).state != Market.State.SETTLED:
        assert time.monotonic() < until
        time.sleep(0.1)
    text = HTTP.get(f"{server.url}/metrics").text
    found = samples(text)
    expected = {
        "walras_database_up": 1,
        "walras_markets settled": 1,
        "walras_rounds cleared": 1,
        "walras_participations active": 2,
        "walras_obligations collect paid": 1,
        "walras_market_late_seconds": 0,
        "walras_intake_bids_total accepted": 2,
        "walras_intake_bids_total refused": 1,
        "walras_intake_queue": 0,
        "walras_clearings_total cleared": 1,
        "walras_clearing_seconds_count": 1,
        "walras_obligation_late_seconds": 0,
        "walras_sweep_rows_total markets.close_due": 1,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["walras_stripe_calls_total done"] >= 2
    assert found["walras_requests_total healthz 200"] == 1
    assert not re.search(r"minor|amount|value|price|bytes_(sum|bucket)|limit", text.replace("process_", ""))


def test_what_waits_has_an_age() -> None:
    market = open_a_market()
    close_now(market)
    found = {family.name: family.samples for family in figures.Figures().collect()}
    assert 0.5 < found["walras_market_late_seconds"][0].value < 60
    assert {(s.labels["state"], s.value) for s in found["walras_markets"]} == {("open", 1)}


def test_a_database_that_fails_is_one_figure_and_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("password=secret: connection refused")

    request_finished.disconnect(close_old_connections)  # the broken one would be closed by the same way
    with monkeypatch.context() as broken:
        broken.setattr("django.db.backends.utils.CursorWrapper.execute", gone)
        ready, told = client.get("/readyz"), client.get("/metrics")
        alive = client.get("/healthz")
    request_finished.connect(close_old_connections)
    assert (alive.status_code, ready.status_code, told.status_code) == (200, 503, 200)
    assert ready.json()["checks"]["database"] == "failed: OperationalError"
    assert "secret" not in ready.content.decode()
    names = read(told.content.decode())
    assert names["walras_database_up"].samples[0].value == 0
    assert "walras_markets" not in names


def test_what_is_lacking_is_named(client: Client, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    trader.bid(market, buy("room", 5000))  # without a server, the first bid starts the writer
    assert client.get("/readyz").status_code == 200
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    recorder = MigrationRecorder.Migration.objects
    row = recorder.get(app="core", name="0001_initial")
    recorder.filter(pk=row.pk).delete()
    monkeypatch.setattr(health, "runner", Runner())
    committer.stop()
    answer = client.get("/readyz")
    recorder.create(app=row.app, name=row.name, applied=row.applied)
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "database": "ok",
        "migrations": "1 not applied",
        "redis": "failed: ConnectionError",
        "writer": "does not run",
        "sweeps": "do not run",
    }


def test_figures_are_for_this_host_or_for_who_brings_the_token(client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    for elsewhere in ({"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": ""}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, TOKEN):
        answer = client.get("/metrics", **elsewhere)
        if elsewhere is not TOKEN:
            assert (answer.status_code, answer.json()["code"]) == (403, "metrics_closed")
    settings.METRICS_TOKEN = "a-token-of-the-house"
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7", **TOKEN).status_code == 200
    for wrong in ({}, {"HTTP_AUTHORIZATION": "Bearer a-token"}, {"HTTP_AUTHORIZATION": "a-token-of-the-house"}):
        assert client.get("/metrics", **wrong).status_code == 403


def exported() -> set[str]:
    """The names that a query may use."""
    families = [*metrics.registry.collect()]
    samples = {sample.name for family in families for sample in family.samples}
    kinds = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return samples | {f"{each.name}{end}" for each in families for end in kinds.get(each.type, ("",))}


def test_the_dashboard_draws_only_what_is_exported_and_the_page_names_all_of_it() -> None:
    board = json.loads((DOCS / "grafana.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    assert len(asked) >= 12
    assert {name for query in asked for name in NAME.findall(query)} - exported() == set()
    page = (DOCS / "operations.md").read_text()
    ours = {each.name for each in metrics.registry.collect() if each.name.startswith("walras_")}
    assert {name for name in ours if f"`{name}" not in page} == set()
    assert {name for name in NAME.findall(page) if name.startswith("walras_")} - exported() - ours == set()
