"""Lots by CSV and Excel: looked at first, each bad row named, taken over all or none."""

import io
from datetime import date

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from marketplace.core import limits
from marketplace.markets.models import Lot, Market
from tests.factories import open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
HEAD = ["name", "title", "reserve", "category", "duration", "changes", "comfort", "quiet", "departureTime"]
ROWS = [
    ["ICE 1", "Early, quiet", "900", "train-seat/1", "90", "0", "1", "yes", "2026-12-01T08:30:00+01:00"],
    ["ICE 2", "", "", "train-seat/1", "120", "1", "0", "", ""],
]


@pytest.fixture
def draft(client: Client) -> Market:
    """Of a rule that takes many lots, with one lot in it."""
    client.force_login(User.objects.create_superuser("olga"))
    market = open_a_market(mechanism="vcg")
    Market.objects.filter(pk=market.pk).update(state=Market.State.DRAFT)
    return market


def csv(rows: list[list[str]], comma: str = ",") -> bytes:
    return "\r\n".join(comma.join(f'"{cell}"' for cell in row) for row in rows).encode("utf-8-sig")


def excel(rows: list[list[object]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def sent(client: Client, market: Market, file: bytes | None = None, rows: str | None = None) -> dict:
    """What the page says; `rows` is the click that takes over what was looked at."""
    data = {"file": SimpleUploadedFile("lots", file)} if file is not None else {"rows": rows}
    answer = client.post(reverse("admin:desk-lots", args=[market.pk]), data)
    return answer.context_data if answer.status_code == 200 else {"sent_on": answer.status_code}


def names(market: Market) -> set[str]:
    return set(market.lots.values_list("name", flat=True))


@pytest.mark.parametrize("written", [csv, lambda rows: csv(rows, ";"), excel], ids=["csv", "semicolons", "excel"])
def test_a_sheet_is_looked_at_and_then_taken_over(client: Client, draft: Market, written) -> None:
    before = names(draft)
    shown = sent(client, draft, written([HEAD, *ROWS]))
    assert [(row.number, row.name, row.verb, row.wrong) for row in shown["rows"]] == [
        (2, "ICE 1", "is added", []),
        (3, "ICE 2", "is added", []),
    ]
    assert names(draft) == before
    assert sent(client, draft, rows=shown["again"]) == {"sent_on": 302}
    first, second = (draft.lots.get(name=name) for name in ("ICE 1", "ICE 2"))
    assert first.attributes == {
        "duration": 90,
        "changes": 0,
        "comfort": 1,
        "quiet": True,
        "departureTime": "2026-12-01T08:30:00+01:00",
    }
    assert (first.title, first.reserve, second.reserve, second.attributes["changes"]) == ("Early, quiet", 900, 0, 1)
    assert first.history.get().history_user.username == "olga"
    shown = sent(client, draft, written([["name", "reserve"], ["ICE 1", "950"], ["ICE 2", "0"]]))
    assert [row.verb for row in shown["rows"]] == ["is changed", "stays as it is"]
    sent(client, draft, rows=shown["again"])
    kept = draft.lots.get(name="ICE 1")
    assert (kept.reserve, kept.category, kept.attributes) == (950, "train-seat/1", first.attributes)
    sent(client, draft, rows=sent(client, draft, written([["name", "quiet", "changes"], ["ICE 1", "", "2"]]))["again"])
    changed = {name: value for name, value in first.attributes.items() if name != "quiet"} | {"changes": 2}
    assert draft.lots.get(name="ICE 1").attributes == changed


BAD = (
    ({"changes": "none"}, "attributes: changes: "),
    ({"duration": ""}, "attributes: duration: "),
    ({"quiet": "perhaps"}, "attributes: quiet: "),
    ({"departureTime": "tomorrow"}, "attributes: departureTime: "),
    ({"category": "boat/1"}, "attributes: There is no category 'boat/1'."),
    ({"reserve": "9.50"}, "reserve: '9.50' is no whole number."),
    ({"reserve": "-1"}, "reserve: "),
    ({"name": ""}, "name: "),
    ({"name": "a name with\ttab"}, "name: "),
    ({"title": "x" * 200}, "title: "),
    ({"seller": "agt_none"}, "seller: There is no agent 'agt_none'."),
)


def test_a_bad_row_is_pointed_to_and_nothing_is_taken_over(client: Client, draft: Market) -> None:
    before = names(draft)
    head = [*HEAD, "seller"]
    for change, words in BAD:
        bad = dict(zip(head, [*ROWS[1], ""], strict=True)) | change
        shown = sent(client, draft, csv([head, [*ROWS[0], ""], list(bad.values())]))
        good, wrong = shown["rows"]
        assert (good.wrong, wrong.number, shown["bad"]) == ([], 3, True), change
        assert [said for said in wrong.wrong if said.startswith(words)], wrong.wrong
        assert sent(client, draft, rows=shown["again"])["bad"]
        assert names(draft) == before


def test_what_the_rule_refuses_stands_at_its_row(client: Client, draft: Market) -> None:
    Market.objects.filter(pk=draft.pk).update(mechanism="second_price")
    draft.lots.all().delete()
    (only,) = sent(client, draft, csv([["name", "supply"], ["room", "3"]]))["rows"]
    assert only.wrong[0].startswith("supply: ")


def test_what_is_no_sheet_is_refused(client: Client, draft: Market) -> None:
    many = [["name"], *([f"lot {n}"] for n in range(limits.LOTS_PER_MARKET + 1))]
    files = [b"", b"name", b"\xff\xfe\x00", b"PK\x03\x04nothing", csv([["name", "name"], ["a", "b"]]), csv(many)]
    files += [b"x" * (limits.SHEET_BYTES + 1), csv([["title"], ["a"]])]
    for file in files:
        assert "The file of lots cannot be read." in sent(client, draft, file)["refused"], file[:20]
    assert "no column 'reserv'" in sent(client, draft, csv([["name", "reserv"], ["a", "1"]]))["refused"]
    for forged in ("[", "[[1", '[["name"],[{}]]', "{}"):
        assert "cannot be read" in sent(client, draft, rows=forged)["refused"]


def test_attributes_of_no_category_and_cells_that_excel_has_typed(client: Client, draft: Market) -> None:
    head = ["name", "reserve", "attributes.floor", "attributes.view", "attributes.free_from", "attributes.m2"]
    shown = sent(client, draft, excel([head, [101, 7.0, 3, "sea", date(2026, 12, 1), 20.5], [None] * 6]))
    assert sent(client, draft, rows=shown["again"]) == {"sent_on": 302}
    lot = draft.lots.get(name="101")
    assert (lot.reserve, lot.attributes) == (
        7,
        {"floor": 3, "view": "sea", "free_from": "2026-12-01T00:00:00", "m2": 20.5},
    )


def test_a_market_that_has_opened_meanwhile_takes_nothing_over(client: Client, draft: Market) -> None:
    shown = sent(client, draft, csv([HEAD, *ROWS]))
    Market.objects.filter(pk=draft.pk).update(state=Market.State.OPEN)
    assert "has opened meanwhile" in sent(client, draft, rows=shown["again"])["refused"]
    assert not Lot.objects.filter(name="ICE 1").exists()
