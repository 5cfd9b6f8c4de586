"""The notebook of docs/economists.md, run cell by cell over an export."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from marketplace.demo.place import ROOT
from marketplace.reports.exporting import write_export
from marketplace.reports.formats import FORMATS
from marketplace.reports.scopes import Scope
from tests.reports.worlds import World


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_the_notebook_comes_to_its_figure(
    swept: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(swept)
    write_export(Scope(), FORMATS["parquet"], tmp_path / "export.zip")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in json.loads((ROOT / "docs/economists.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert names["counts"]["made_again"] == 2
    assert len(names["bids"]) == 3
    picture = (tmp_path / "figure.svg").read_text()
    assert "<svg" in picture
    assert "Reported value and payment" in picture
