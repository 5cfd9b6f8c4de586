"""The report of a market: what its figures say, what its disclosure keeps back, and the doors through which it goes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.clearing.explanations import standing_round
from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.papers import making
from marketplace.reports.papers.making import LEVELS, market_paper
from marketplace.reports.papers.press import pressed
from mechanisms import read_problem, run
from tests.doors.test_roles import staff
from tests.reports.worlds import TITLE, World

API = "/api/v1/reports/"


def report(stated: dict[str, Any], level: str = "public", **more: Any) -> dict[str, Any]:
    """A problem's report as the press makes it."""
    problem = read_problem(stated)
    outcome = run(problem.mechanism, problem)
    head = {"title": "x", "kicker": "", "home": "", "facts": [("Market", "mkt_x")], "notes": []}
    told = {"problem": problem.to_json().decode(), "outcome": outcome.to_json().decode(), "currency": problem.currency}
    told |= {"exponent": problem.exponent, "level": level, "names": {}, "lots": {}, "prices": [], "compared": True}
    return pressed({**told, "head": head, **more})


def figures(made: dict[str, Any]) -> dict[str, Any]:
    return {figure["title"]: figure for figure in made["figures"]}


def steps(agent: str, lot: str, *pairs: tuple[int, int]) -> dict[str, Any]:
    return {"agent": agent, "steps": [{"lot": lot, "quantity": n, "price": price} for n, price in pairs]}


HEAD = {"params": {}, "currency": "EUR", "exponent": 2}


def test_an_exchange_is_drawn_as_its_numbers_say() -> None:
    bids = [steps("b1", "X", (1, 1000)), steps("b2", "X", (1, 800)), steps("s1", "X", (-1, 200))]
    bids.append(steps("s2", "X", (-1, 600)))
    stated = {**HEAD, "mechanism": "trade_reduction", "lots": [{"id": "X"}], "bids": bids}
    made = report(stated, lots={"X": "<b>kWh"})
    found = figures(made)
    assert list(found) == [
        *("Supply and demand: <b>kWh", "Prices by lot", "Surplus split", "Who traded", "Efficiency by rule"),
    ]
    curves = found["Supply and demand: <b>kWh"]
    assert curves["rows"] == [
        ["10.00 EUR", "1", "2"],
        ["8.00 EUR", "2", "2"],
        ["6.00 EUR", "2", "2"],
        ["2.00 EUR", "2", "1"],
    ]
    assert found["Surplus split"]["rows"][:2] == [["buyers", "2.00 EUR", "25.0 %"], ["sellers", "4.00 EUR", "50.0 %"]]
    assert found["Who traded"]["rows"][1] == ["b1", "buys 1 <b>kWh", "10.00 EUR", "8.00 EUR", "2.00 EUR"]
    rules = {row[0]: row[2] for row in found["Efficiency by rule"]["rows"]}
    assert rules == {"Trade reduction (stood)": "80.0 %", "Double auction (k-pricing)": "100.0 %"}
    assert "would have bid otherwise" in found["Efficiency by rule"]["notes"][0]
    assert ["Efficiency by reports", "80.0 %"] in [row[:2] for row in made["measures"]]
    for figure in made["figures"]:
        assert not re.search(r"<script|<style|style=|href|url\((?!#)|@import|http(?!://www.w3.org)", figure["svg"])


def test_less_is_drawn_where_less_is_told() -> None:
    bids = [{"agent": name, "atoms": [{"bundle": {"X": 1}, "value": value}]} for name, value in (("a", 9), ("b", 7))]
    stated = {"mechanism": "second_price", "params": {}, "currency": "JPY", "exponent": 0}
    stated |= {"lots": [{"id": "X"}], "bids": bids}
    assert "Efficiency by rule" in figures(report(stated))
    assert list(figures(report(stated, "named"))) == [
        *("Supply and demand: X", "Prices by lot", "Surplus split", "Who traded"),
    ]
    own = report(stated, "all")
    assert list(figures(own)) == ["Prices by lot"]
    assert figures(own)["Prices by lot"]["rows"] == [["X", "1", "7 JPY", "0 JPY"]]
    assert own["measures"] == []
    nothing = report({**stated, "bids": []})
    assert nothing["figures"][-1]["rows"] == [["X", "0", "–", "0 JPY"]]


def test_a_price_path_by_moves_and_by_rounds() -> None:
    moves = [
        {"n": n, "agent": agent, "type": "bid", "data": {"amount": 100 * n}, "at": f"2026-01-01T00:0{n}:00Z"}
        for n, agent in ((1, "a"), (2, "b"))
    ]
    moves.append({"n": 3, "agent": "@clock", "type": "timeout", "at": "2026-01-01T01:00:00Z"})
    times = {"opened_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-01T01:00:00Z"}
    english = {**HEAD, "mechanism": "english", "lots": [{"id": "X"}], "bidders": ["a", "b"], **times, "moves": moves}
    english["params"] = {"increments": [[None, 50]]}
    path = figures(report(english))["Price path"]
    assert [row[:3] + row[4:] for row in path["rows"]] == [["1", "a", "bid", "1.00 EUR"], ["2", "b", "bid", "2.00 EUR"]]
    assert figures(report(english, "named")) == {}
    bids = [steps("a", "X", (1, 900)), steps("b", "Y", (1, 700)), steps("c", "Y", (1, 300))]
    stated = {**HEAD, "mechanism": "uniform_price", "lots": [{"id": "X"}, {"id": "Y"}], "bids": bids}
    found = figures(report(stated, "all", prices=[(1, {"X": 5}), (2, {"X": 7, "Y": 3})]))
    assert found["Price path"]["rows"] == [["1", "X", "0.05 EUR"], ["2", "X", "0.07 EUR"], ["2", "Y", "0.03 EUR"]]
    assert found["Prices by lot"]["rows"] == [["Y", "1", "3.00 EUR", "0.00 EUR"], ["X", "1", "0.00 EUR", "0.00 EUR"]]


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_a_report_goes_through_every_door(swept: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(swept)
    trader, place = world.traders[0], world.public.ref
    page = Client().get(f"/markets/{place}/report/")
    text = page.content.decode()
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert TITLE.replace("'", "&#x27;") in text
    assert text.count("<svg") >= 3
    assert "9,000 JPY" in text
    assert "<script" not in text
    assert page["Content-Security-Policy"] == making.POLICY
    for secret in (*(each.agent.ref for each in world.traders), trader.key, world.open.ref):
        assert secret not in text
    headers = {"Authorization": f"Bearer {trader.key}"}
    by_suffix = Client().get(f"{API}{place}.pdf", headers=headers)
    assert by_suffix.content.startswith(b"%PDF-")
    assert Client().get(f"/markets/{place}/report.pdf").content == by_suffix.content
    for accepted, kind in (("application/pdf", "application/pdf"), ("*/*", "text/html; charset=utf-8")):
        assert Client().get(f"{API}{place}/", headers={**headers, "Accept": accepted})["Content-Type"] == kind
    for path in (f"{API}{place}.docx", f"{API}{place}/"):
        wrong = Client().get(path, headers={**headers, "Accept": "image/png"})
        assert (wrong.status_code, wrong.json()["code"]) == (406, "format_unknown")
    assert Client().get(f"{API}{place}.html").status_code == 401
    for door in (f"/markets/{world.open.ref}/report/", f"{API}{world.open.ref}.html"):
        assert Client().get(door, headers=headers).status_code == 409
    assert f"/markets/{place}/report/" in Client().get(f"/markets/{place}/").content.decode()
    client = Client()
    client.force_login(staff("economist"), "django.contrib.auth.backends.ModelBackend")
    assert f"/markets/{place}/report.pdf" in client.get(reverse("admin:markets_market_changelist")).content.decode()
    tells_what_disclosure_allows(world)
    refuses_when_busy(world, monkeypatch)


def tells_what_disclosure_allows(world: World) -> None:
    """Agents of an own_only market are not named; a pseudonymous one's bids are not tried under other rules."""
    assert {str(market.disclosure) for market in (world.named, world.own)} == {"pseudonymous", "own_only"}
    for market, told in ((world.named, True), (world.own, False)):
        made = stated(market)
        names = set(market.participations.values_list("ref", flat=True))
        assert any(name in str(made) for name in names) == told
        assert "Efficiency by rule" not in figures(made)


def stated(market: Market) -> dict[str, Any]:
    round_ = standing_round(market)
    return pressed({**making._stated(market, round_, LEVELS[market.disclosure]), "compared": True})


def refuses_when_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAPER_WAIT_SECONDS", 0)
    with making._press, pytest.raises(Refusal) as busy:
        market_paper(world.empty)
    assert (busy.value.status, busy.value.code) == (429, "reports_busy")
    monkeypatch.setattr(limits, "PAPER_SECONDS", 0.01)
    with pytest.raises(Refusal) as long:
        market_paper(world.empty)
    assert long.value.code == "report_too_long"
