"""What stands in an export and what does not; every format read again by the libraries that people use."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from frictionless import Package
from pandas.testing import assert_frame_equal
from pyarrow import parquet

from marketplace import reports
from marketplace.reports.codebook import as_markdown, entries
from marketplace.reports.exporting import write_export
from marketplace.reports.formats import FORMATS
from marketplace.reports.formats.stata import label
from marketplace.reports.scopes import Scope
from marketplace.reports.summary import SUMMARY
from marketplace.reports.tables import TABLES
from mechanisms.check.replaying import replayed_file
from tests.reports.worlds import TITLE, World

story = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def exported(path: Path, scope: Scope | None = None, suffix: str = "csv") -> reports.Tables:
    write_export(scope or Scope(), FORMATS[suffix], path)
    return reports.load(path)


@story
def test_an_export_of_everything(swept: Callable[[], int], tmp_path: Path) -> None:
    world = World(swept)
    found = exported(tmp_path / "x.zip")
    shows_what_disclosure_allows(world, found)
    names_nobody(world, tmp_path / "x.zip", found, exported(tmp_path / "y.zip"))
    shows_an_operator_its_own_in_full(world, tmp_path / "z.zip")
    counts, findings = replayed_file(tmp_path / "x.zip")
    assert (counts["made_again"], findings) == (2, [])
    scope = Scope(salt=b"the same for all")
    assert exported(tmp_path / "none.zip", Scope(market="mkt_none"), "dta").settlements.empty
    loaded = {suffix: exported(tmp_path / f"{suffix}.zip", scope, suffix) for suffix in FORMATS}
    for name, table in TABLES.items():
        for suffix, tables in loaded.items():
            same(getattr(loaded["parquet"], name), getattr(tables, name), f"{name}.{suffix}", table)
    for suffix in FORMATS:
        with zipfile.ZipFile(tmp_path / f"{suffix}.zip") as export:
            export.extractall(tmp_path / suffix)
    reads_again(world, tmp_path)


def shows_what_disclosure_allows(world: World, found: reports.Tables) -> None:
    shown = {world.public.ref, world.named.ref, world.own.ref, world.empty.ref}
    assert set(found.markets.market) == set(found.lots.market) == set(found.rounds.market) == shown
    assert set(found.events.market) == shown
    assert set(found.bids.market) == {world.public.ref}
    for table in (found.participations, found.awards, found.settlements):
        assert set(table.market) == {world.public.ref, world.named.ref}
    assert set(found.measures.market) == set(found.payments.market) | {world.empty.ref}
    wide = found.wide.set_index("market")
    assert (wide.revenue[world.named.ref], wide.reported_welfare[world.public.ref]) == (6000, 9000)
    assert wide.isna().reported_welfare[world.own.ref]
    limits = found.participations.set_index("market").limit_minor
    assert limits[world.named.ref].isna().all()
    assert limits[world.public.ref].notna().all()
    assert found.payments.groupby("market").payment.sum().tolist() == [0, 0]
    summary = found.summary.set_index(["currency", "measure"])
    assert summary.markets["KWD", "revenue"] == 1
    assert (summary["mean"]["KWD", "revenue"], summary.isna().low["KWD", "revenue"]) == (6000, True)


def names_nobody(world: World, path: Path, found: reports.Tables, again: reports.Tables) -> None:
    """Pseudonyms are the same within an export and others in the next; no name, key or sealed bid is in it."""
    bidders = found.payments[found.payments.role == "bidder"]
    assert bidders.groupby("participant").market.nunique().tolist() == [2, 2, 2]
    assert set(found.settlements.participant) <= set(bidders.participant)
    assert not set(bidders.participant) & set(again.payments.participant.dropna())
    with zipfile.ZipFile(path) as export:
        text = b"".join(export.read(name) for name in export.namelist())
    assert world.open.ref.encode() not in text
    for trader in world.traders:
        for name in (trader.agent.ref, trader.key, trader.agent.principal.ref, trader.agent.principal.name):
            assert name.encode() not in text


def shows_an_operator_its_own_in_full(world: World, path: Path) -> None:
    found = exported(path, Scope(operator=world.operator.agent.pk))
    assert set(found.markets.market) == set(found.bids.market) == set(found.awards.market) == {world.own.ref}
    assert sorted(found.bids.value) == [4100, 6100, 8100]


def same(right: pd.DataFrame, stated: pd.DataFrame, place: str, table: Any) -> None:
    """Equal values and types; in CSV but for the apostrophe, in Stata but for the digits of milliseconds."""
    if place.endswith(".csv"):
        free = [column.name for column in table.columns if column.free]
        right = right.assign(**{name: right[name].map(_defused, na_action="ignore").astype("str") for name in free})
    assert list(right.columns) == [column.name for column in table.columns], place
    for name in right:
        if right[name].dtype.kind == "M":
            right, stated = (
                each.assign(**{name: each[name].astype("datetime64[ms, UTC]")}) for each in (right, stated)
            )
    assert_frame_equal(right, stated, obj=place)


def _defused(text: str) -> str:
    return "'" + text if text[:1] in "=+-@\t\r" else text


def reads_again(world: World, place: Path) -> None:
    """By pandas, pyarrow, openpyxl, pyreadstat and frictionless, past our own loader."""
    package = Package(str(place / "csv/datapackage.json"))
    package.resources = [row for row in package.resources if row.format == "csv"]
    assert package.validate().flatten(["name", "type", "message"]) == []
    assert len(package.resources) == len(TABLES) + 2
    plain = pd.read_csv(place / "csv/tables/markets.csv").set_index("market")
    assert plain.title[world.public.ref] == "'" + TITLE
    assert plain.participants.dtype == "int64"
    arrow = parquet.read_table(place / "parquet/tables/payments.parquet")
    assert [str(arrow.schema.field(name).type) for name in ("payment", "won", "participant")] == [
        *("int64", "bool", "string"),
    ]
    assert sum(arrow["payment"].to_pylist()) == 0
    sheet = openpyxl.load_workbook(place / "xlsx/tables/markets.xlsx").active
    titles = {row[0].value: row[1] for row in sheet.iter_rows(min_row=2)}
    assert (titles[world.public.ref].value, titles[world.public.ref].data_type) == (TITLE, "s")
    frame, meta = pyreadstat.read_dta(str(place / "dta/tables/payments.dta"))
    assert frame.payment.sum() == 0
    assert meta.column_names_to_labels["role"] == label(TABLES["payments"].columns[3])
    assert set(meta.variable_value_labels["role"].values()) == {"bidder", "owner", "market"}
    assert meta.variable_value_labels["won"] == {0: "no", 1: "yes"}
    assert (place / "dta/tables/payments.dta").read_bytes().startswith(b"<stata_dta><header><release>118<")
    markets, _ = pyreadstat.read_dta(str(place / "dta/tables/markets.dta"))
    assert TITLE in set(markets.title)


def test_every_column_has_a_description() -> None:
    listed = list(entries())
    for table in (*TABLES.values(), SUMMARY):
        assert table.grain
        for column in table.columns:
            assert len(column.help) > 5, (table.name, column.name)
            assert len(column.name) <= 32
        assert len({column.name for column in table.columns}) == len(table.columns)
    assert len(listed) == len({entry[:2] for entry in listed})
    text = as_markdown()
    assert [entry[:2] for entry in listed if entry[1].removeprefix("measure = ") not in text] == []
