"""Published outcomes, taken over and exported in every format, foot to what was published."""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from msgspec.structs import replace

from marketplace import reports
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.exporting import write_export
from marketplace.reports.formats import FORMATS
from marketplace.reports.importing import Stated, import_outcome
from marketplace.reports.scopes import Scope
from mechanisms.check.replaying import replayed_file
from mechanisms.types import Problem
from tests.reports import known

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
DATA = Path(os.environ.get("WALRAS_DATA") or "/nowhere")
with_data = pytest.mark.skipif(
    not (DATA / "fcc-auction-901").is_dir() and not os.environ.get("WALRAS_REQUIRE_DATA"),
    reason="WALRAS_DATA names no folder with the published results",
)


COMPETITIVE = ["PrimaryDealer", "DirectBidder", "IndirectBidder"]


def taken(problem: Any, outcome: Any = None, title: str = "x") -> Market:
    stated = Stated(title=title, source="published", closed_at=known.AT)
    said = problem if isinstance(problem, dict) else json.loads(problem.to_json())
    known_outcome = None if outcome is None else json.loads(outcome.to_json())
    return import_outcome(problem=said, outcome=known_outcome, stated=stated)


@with_data
def test_published_outcomes_foot_in_every_format(tmp_path: Path) -> None:
    markets = {"fcc": taken(known.fcc(DATA)).ref}
    for suffix, made in FORMATS.items():
        path = tmp_path / f"fcc.{suffix}.zip"
        write_export(Scope(), made, path)
        fcc_foots(reports.load(path), markets["fcc"])
    items = {"cartier": "Cartier wristwatch", "palm": "Palm Pilot M515 PDA"}
    markets |= {name: taken(*known.ebay(DATA, item)).ref for name, item in items.items()}
    bonds = [taken(problem, outcome).ref for problem, outcome in known.treasury(DATA)]
    assert len(bonds) == 16
    write_export(Scope(), FORMATS["csv"], tmp_path / "all.zip")
    found = reports.load(tmp_path / "all.zip")
    assert total(found.awards, markets["cartier"]) == 12_029_980
    assert total(found.awards, markets["palm"]) == 7_857_567
    assert (found.awards[found.awards.market == markets["cartier"]].payment > 0).sum() == 136
    for ref in bonds:
        treasury_holds(found, ref)
    counts, findings = replayed_file(tmp_path / "all.zip")
    assert (counts["made_again"], counts["only_summed"], findings) == (1, 18, [])


def total(rows: pd.DataFrame, market: str) -> int:
    return int(rows[rows.market == market].payment.sum())


def fcc_foots(found: reports.Tables, market: str) -> None:
    """795 awards, 299,998,632.25 USD, 33 winners, 32 states."""
    awards = found.awards[found.awards.market == market].merge(found.lots, on=["market", "lot"])
    assert len(awards) == 795
    assert awards.payment.sum() == awards.reported_value.sum() == -29_999_863_225
    assert awards.participant.nunique() == 33
    assert awards.attributes.map(json.loads).str["state"].nunique() == 32
    assert total(found.payments[found.payments.role == "bidder"], market) == -29_999_863_225
    assert total(found.payments, market) == 0
    wide = found.wide.set_index("market")
    assert wide.revenue[market] == -29_999_863_225
    assert wide.isna().reported_efficiency[market]  # reserves are the bids: nothing could be gained


def treasury_holds(found: reports.Tables, market: str) -> None:
    """The three identities of a result, from the exported rows alone."""
    said = json.loads(found.lots[found.lots.market == market].attributes.iloc[0])
    got = found.awards[found.awards.market == market].set_index("lot").quantity * 100
    asked = found.bids[found.bids.market == market].set_index("lot").quantity * 100
    competitive = int(got.reindex(COMPETITIVE).sum())
    beside = int(got.reindex(["NonCompetitive", "FIMA"]).sum())
    assert competitive == int(said["CompetitiveAccepted"])
    assert int(got.sum()) == int(said["TotalAccepted"])
    cover = (int(asked.reindex(COMPETITIVE).sum()) + beside) / (competitive + beside)
    assert f"{cover:.2f}" == said["BidToCoverRatio"]


def test_an_outcome_that_does_not_add_up_is_not_taken() -> None:
    bids = [{"agent": "a", "steps": [{"lot": "X", "quantity": 1, "price": 5}]}]
    head = {"mechanism": "uniform_price", "params": {}, "currency": "USD", "exponent": 2}
    problem = Problem.from_json({**head, "lots": [{"id": "X"}], "bids": bids})
    outcome = replace(known.recorded(problem, {"a": ({"X": 1}, 5, 5)}, {"X": 5}), revenue=6)
    for wrong, code in ((problem, "outcome_unfit"), (bargain(), "import_auctions_only")):
        with pytest.raises(Refusal) as caught:
            taken(wrong, outcome)
        assert caught.value.code == code
    assert not Market.objects.exists()


def bargain() -> dict[str, Any]:
    listed = [{"id": "x", "utilities": {"a": 1, "b": 1}}]
    return {"mechanism": "nash_bargaining", "agreements": listed, "disagreement": {"a": 0, "b": 0}}
