"""Reports through every door: REST, background jobs with signed links, the admin, and the commands."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from marketplace import reports
from marketplace.core import limits
from marketplace.reports.models import Export
from tests.doors.test_roles import staff
from tests.factories import Trader
from tests.reports.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
API = "/api/v1/reports/"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def ask(trader: Trader, path: str, **headers: str) -> Any:
    return Client().get(API + path, headers={"Authorization": f"Bearer {trader.key}", **headers})


async def test_a_table_is_streamed_by_an_asynchronous_server() -> None:
    operator = await in_thread(lambda: Trader(scope="operate", card=None))
    headers = {"Authorization": f"Bearer {operator.key}"}
    response = await AsyncClient().get(API + "markets.csv", headers=headers)
    assert response.is_async
    assert b"".join([block async for block in response.streaming_content]).startswith(b"market,title,")


async def in_thread(act: Callable[[], Any]) -> Any:
    return await sync_to_async(act)()


def test_tables_by_suffix_and_accept(swept: Callable[[], int]) -> None:
    world = World(swept)
    operator = world.operator
    assert "bids" in [table["name"] for table in ask(operator, "").json()["tables"]]
    plain = ask(operator, "bids.csv")
    assert plain["Content-Type"] == "text/csv; charset=utf-8"
    rows = pd.read_csv(io.BytesIO(body(plain)))
    assert (set(rows.market), sorted(rows.value)) == ({world.own.ref}, [4100, 6100, 8100])
    lines = [json.loads(line) for line in body(ask(operator, "bids/", Accept="application/jsonl")).splitlines()]
    assert sorted(line["value"] for line in lines) == [4100, 6100, 8100]
    for suffix, media in (("parquet", "application/vnd.apache.parquet"), ("dta", "application/x-stata-dta")):
        named, accepted = ask(operator, f"payments.{suffix}"), ask(operator, "payments/", Accept=media)
        assert named["Content-Type"] == accepted["Content-Type"] == media
        assert len(body(named)) > 500
        assert len(body(accepted)) > 500
    assert body(ask(operator, "markets.csv?since=2999-01-01T00:00:00Z")).count(b"\n") == 1
    assert body(ask(operator, f"markets.csv?market={world.public.ref}")).count(b"\n") == 1
    wrong = {"bids.exe": "format_unknown", "people.csv": "table_not_found", "bids.csv?since=1": "out_of_range"}
    for path, code in wrong.items():
        assert ask(operator, path).json()["code"] == code
    assert ask(operator, "bids/", Accept="image/png").json()["code"] == "format_unknown"
    assert ask(world.traders[0], "bids.csv").json()["code"] == "operator_only"


def test_a_long_export(swept: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(swept)
    asked = {"path": API + "exports/", "content_type": "application/json", "data": {"format": "parquet"}}
    answer = Client().post(**asked, headers=world.operator.headers())
    assert (answer.status_code, answer.json()["state"], answer.json()["link"]) == (202, "waiting", None)
    swept()
    done = ask(world.operator, f"exports/{answer.json()['id']}/").json()
    assert (done["state"], done["progress"]) == ("done", 100)
    assert [row["id"] for row in ask(world.operator, "exports/").json()["exports"]] == [done["id"]]
    place = done["link"][done["link"].index("/downloads/") :]
    file = tmp_path / "x.zip"
    file.write_bytes(body(Client().get(place)))
    assert file.stat().st_size == done["size"]
    assert set(reports.load(file).bids.market) == {world.own.ref}
    asked["data"] = {"format": "csv", "market": "mkt_none"}
    assert Client().post(**asked, headers=world.operator.headers()).json()["code"] == "market_not_found"
    assert Client().get("/downloads/forged/").json()["code"] == "link_over"
    monkeypatch.setattr(limits, "LINK_SECONDS", -1)
    assert Client().get(place).json()["code"] == "link_over"
    monkeypatch.setattr(limits, "LINK_SECONDS", 3600)
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    swept()
    assert Client().get(place).json()["code"] == "export_gone"
    by_economist(swept, world, tmp_path)
    by_commands(world, tmp_path)


def by_economist(swept: Callable[[], int], world: World, place: Path) -> None:
    """Buttons of the admin: everything that is disclosed, nothing sealed, no names."""
    client = Client()
    client.force_login(staff("economist"), "django.contrib.auth.backends.ModelBackend")
    added = client.post(reverse("admin:reports_export_add"), {"format": "csv", "since_0": "", "since_1": ""})
    assert added.status_code == 302
    swept()
    page = client.get(reverse("admin:reports_export_changelist")).content.decode()
    link = page[page.index("/downloads/") :].split('"')[0]
    file = place / "economist.zip"
    file.write_bytes(body(client.get(link)))
    found = reports.load(file)
    assert set(found.bids.market) == {world.public.ref}
    assert world.own.ref in set(found.markets.market)
    for trader in world.traders:
        assert trader.agent.ref not in file.read_bytes().decode("latin-1")
    one_market(swept, client, world, file)


def one_market(swept: Callable[[], int], client: Client, world: World, file: Path) -> None:
    """The desk page of a market leads to its report and asks for an export of it alone."""
    desk = client.get(reverse("admin:desk-market", args=[world.public.pk])).content.decode()
    assert f'href="/markets/{world.public.ref}/report/"' in desk
    assert f'href="/markets/{world.public.ref}/report.pdf"' in desk
    asked = client.post(reverse("admin:desk-export", args=[world.public.pk]), {"format": "jsonl"}, follow=True)
    assert world.public.title in Export.objects.get(market=world.public).market.title
    assert "will be made" in asked.content.decode()
    swept()
    page = client.get(reverse("admin:reports_export_changelist")).content.decode()
    file.write_bytes(body(client.get(page[page.index("/downloads/") :].split('"')[0])))
    assert set(reports.load(file).markets.market) == {world.public.ref}
    wrong = client.post(reverse("admin:desk-export", args=[world.public.pk]), {"format": "exe"}, follow=True)
    assert "there is no &#x27;exe&#x27;" in wrong.content.decode()
    assert "Export this market" not in client.get(reverse("admin:desk-market", args=[world.open.pk])).content.decode()


def by_commands(world: World, place: Path) -> None:
    """The same from the shell, with `--since`; replayed; and cleared by another rule."""
    out = io.StringIO()
    call_command("export", str(place / "shell.zip"), "--format", "jsonl", "--since", "2001-01-01", stdout=out)
    assert "bids 3" in out.getvalue()
    call_command("export", str(place / "none.zip"), "--since", "2999-01-01", stdout=io.StringIO())
    assert reports.load(place / "none.zip").markets.empty
    call_command("export", str(place / "own.zip"), "--operator", world.operator.agent.ref, stdout=io.StringIO())
    assert set(reports.load(place / "own.zip").bids.market) == {world.own.ref}
    out = io.StringIO()
    call_command("replay", str(place / "shell.zip"), stdout=out)
    assert json.loads(out.getvalue())["made_again"] == 2
    again(world)


def again(world: World) -> None:
    """By first price the winner of 9000 pays 9000, where second price took 7000."""
    out = io.StringIO()
    call_command("reclear", "--market", world.public.ref, "--rule", "first_price", stdout=out)
    assert "would have bid otherwise" in out.getvalue()
    revenue = next(line for line in out.getvalue().splitlines() if line.startswith("revenue"))
    assert revenue.split() == ["revenue", "7,000", "9,000"]
    path = f"/api/v1/markets/{world.public.ref}/reclearings/"
    asked = {"path": path, "content_type": "application/json"}
    headers = world.traders[0].headers
    found = Client().post(**asked, data={"rule": "core_selecting"}, headers=headers()).json()
    assert (found["recleared"]["measures"]["revenue"], found["recleared"]["status"]) == (7000, "cleared")
    assert "would have bid otherwise" in found["warning"]
    wrong = {"gsp": "not_reclearable", "no_such_rule": "unknown_mechanism"}
    for rule, code in wrong.items():
        assert Client().post(**asked, data={"rule": rule}, headers=headers()).json()["code"] == code
    asked["path"] = path.replace(world.public.ref, world.named.ref)
    assert Client().post(**asked, data={"rule": "vcg"}, headers=headers()).json()["code"] == "not_disclosed"
    with pytest.raises(CommandError):
        call_command("reclear", "--market", "mkt_none", "--rule", "vcg")
