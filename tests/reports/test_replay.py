"""Replaying exports without Django, in a fresh process; whatever field is changed, it is named."""

import copy
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from marketplace.demo.place import ROOT
from mechanisms.check.replaying import RECORD, replay, replay_document, replayed_file
from mechanisms.registry import specs
from mechanisms.strict_json import parse
from mechanisms.types import Problem
from tests.reports.exporting import canonical, packaged, plain, random_lines, receipted, write_export


def fresh(path: Path, seconds: float = 300) -> subprocess.CompletedProcess:
    """`python -m mechanisms replay` in a process of its own, hashed in another order."""
    command = [sys.executable, "-m", "mechanisms", "replay", str(path)]
    env = {"PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds)


def test_200_markets_of_all_rules_are_made_again_in_a_fresh_process(tmp_path: Path) -> None:
    path = write_export(tmp_path / "x.zip", random_lines(200, 14))
    done = fresh(path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["made_again"], answer["only_summed"]) == (200, 0)
    assert answer == replayed_file(path)[0]


@pytest.mark.prove
def test_10_000_markets_are_made_again_in_a_fresh_process(tmp_path: Path) -> None:
    done = fresh(write_export(tmp_path / "x.zip", random_lines(10_000, 15)), 3000)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["made_again"] == 10_000


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] != "1" else "2")
    return value + 1


def leaves(value: Any, keys: tuple = ()) -> Iterator[tuple]:
    """The keys that lead to each field that is no object or list."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield keys
        return
    for key, part in list(parts):
        yield from leaves(part, (*keys, key))


def test_a_changed_field_anywhere_is_named() -> None:
    rng, unnamed = Random(3), []
    slugs = [spec.slug for spec in specs()]
    lines = [plain(slug, rng, "mkt_x") for slug in slugs]
    lines += [receipted(spec.slug, rng, "mkt_x") for spec in specs() if spec.kind == "auction"]
    for line in lines:
        assert replay(line).findings == [], line["problem"]["mechanism"]
        fields = [keys for keys in leaves(line) if keys[0] not in ("format",)]
        for keys in rng.sample(fields, min(25, len(fields))):
            spoilt = copy.deepcopy(line)
            inner = spoilt
            for key in keys[:-1]:
                inner = inner[key]
            inner[keys[-1]] = changed(inner[keys[-1]])
            if not named(keys, [finding.pointer for finding in replay(spoilt).findings], line["format"]):
                unnamed.append((line["problem"]["mechanism"], line["format"], keys))
    assert unnamed == []


def named(keys: tuple, pointers: list[str], form: str) -> bool:
    """Whether a finding points to the field, to something that holds it, or into it."""
    where = "/" + "/".join(str(key).replace("~", "~0").replace("/", "~1") for key in keys)
    if keys[0] == "fields":
        where = str(keys[1])
    if keys[0] == "market" and form == "walras-replay/1":
        return True  # a name of ours; nothing hangs on it but the file's own hash
    return any(where.startswith(at) or at.startswith(where) for at in pointers)


def test_a_fraction_in_a_certificate_is_the_same_number_however_it_was_read() -> None:
    """Three want two of three things each: halves of all would be worth 4.50 more than any one."""
    lots = [{"id": lot} for lot in "abc"]
    bids = [{"agent": two, "atoms": [{"bundle": dict.fromkeys(two, 1), "value": 9}]} for two in ("ab", "bc", "ca")]
    head = {"mechanism": "walrasian", "params": {}, "currency": "EUR", "exponent": 2}
    problem = Problem.from_json({**head, "lots": lots, "bids": bids}).to_dict()
    line = parse(canonical.encode(packaged(problem, Random(1), "mkt_x")))
    assert line["outcome"]["certificate"]["lp_gap"] == Decimal("4.5")
    assert replay(line).findings == []
    line["outcome"]["certificate"]["lp_gap"] = Decimal("0.5")
    assert "/outcome/certificate/lp_gap" in {finding.pointer for finding in replay(line).findings}


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    path = write_export(tmp_path / "x.zip", random_lines(3, 1))
    spoilt = tmp_path / "y.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"mkt_0", b"mkt_9"))
        new.writestr("more.csv", "x")
    done = fresh(spoilt)
    findings = json.loads(done.stderr)["findings"]
    assert (done.returncode, json.loads(done.stderr)["code"]) == (2, "replay_refuted")
    assert {("file_changed", "/packages.jsonl"), ("added", "/more.csv")} <= {
        (f["code"], f["pointer"]) for f in findings
    }


def test_a_damaged_export_is_refused(tmp_path: Path) -> None:
    path = write_export(tmp_path / "x.zip", random_lines(1, 1))
    path.write_bytes(path.read_bytes().replace(b"mkt_0", b"mkt_9"))
    done = fresh(path)
    assert (done.returncode, json.loads(done.stderr)["code"]) == (2, "damaged_export")


def test_a_record_is_summed_and_not_made_again() -> None:
    line = plain("second_price", Random(1), "mkt_x")
    line = replay_document(line["problem"], line["outcome"], "mkt_x", RECORD)
    assert replay(line).findings == []
    line["outcome"]["revenue"] += 1
    assert {finding.code for finding in replay(line).findings} == {"changed", "wrong_revenue", "wrong_digest"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "walras-replay/1"}', '{"format": "x", "market": 1}'])
def test_what_is_no_package_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    done = fresh(path)
    assert done.returncode == 2
    assert json.loads(done.stderr)["code"]
