"""Rules of other packages: written by `new`, built, installed, found and tested; wrong ones are refused by name."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from mechanisms import get, registry
from mechanisms.claims import Claim
from mechanisms.registering import RegistrationError
from mechanisms.rules import first_price

ROOT = Path(__file__).parents[2]


def python(*arguments: str, path: list[Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=cwd, timeout=240
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Path, Path]:
    """The package that `new` writes, its wheel's content installed in a folder of its own."""
    pytest.importorskip("setuptools", minversion="70.1")  # older ones need the wheel package to build
    folder = tmp_path_factory.mktemp("plugin")
    written = python("-m", "mechanisms", "new", "my_rule", "--folder", str(folder), path=[ROOT], cwd=folder)
    assert written.returncode == 0, written.stderr
    site = folder / "site"
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site)]
    built = python(*pip, str(folder / "my_rule"), path=[], cwd=folder)
    assert built.returncode == 0, built.stderr
    return folder / "my_rule", site


def test_a_new_package_s_own_tests_pass(installed):
    package, site = installed
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", path=[site, ROOT], cwd=package)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_an_installed_rule_is_listed_and_run(installed):
    _, site = installed
    listed = python("-m", "mechanisms", "list", path=[site, ROOT], cwd=ROOT)
    assert "my_rule" in listed.stdout
    assert "first_price" in listed.stdout
    audited = python("-m", "mechanisms", "audit", "my_rule", "--problems", "3", path=[site, ROOT], cwd=ROOT)
    assert audited.returncode == 0, audited.stderr


def test_a_broken_plug_in_is_named(tmp_path):
    info = tmp_path / "broken-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[walras.mechanisms]\nbroken_rule = broken_module\n")
    (tmp_path / "broken_module.py").write_text("SPEC = None\n")
    done = python("-m", "mechanisms", "audit", "broken_rule", path=[tmp_path, ROOT], cwd=ROOT)
    assert done.returncode == 2
    assert "broken_rule = broken_module" in done.stderr
    assert "invalid_rule" in done.stderr


def test_new_refuses_taken_names_and_folders(tmp_path, capsys):
    from mechanisms.cli import main  # noqa: PLC0415 - only here

    assert main(["new", "vickrey_two", "--folder", str(tmp_path)]) == 0
    for name, code in (("vickrey_two", "folder_exists"), ("gsp", "slug_taken"), ("My-Rule", "invalid_slug")):
        assert main(["new", name, "--folder", str(tmp_path)]) == 2
        assert code in capsys.readouterr().err


def module(**changes: object) -> SimpleNamespace:
    spec = dataclasses.replace(first_price.SPEC, slug="other_rule", **changes)
    return SimpleNamespace(SPEC=spec, clear_lot=first_price.clear_lot)


BAD = [
    (module(params=dict), "params must be a subclass"),
    (module(claims=(Claim("honest"),)), "no claim is called 'honest'"),
    (module(claims=(Claim("truthful", "perhaps"),)), "cannot be 'perhaps'"),
    (module(claims=(Claim("truthful", "holds", ("luck",)),)), "luck"),
    (module(claims=("truthful",)), "is no mechanisms.claims.Claim"),
    (module(sides="three"), "sides are"),
    (module(paper=""), "must say something"),
    (SimpleNamespace(SPEC=first_price.SPEC, clear_lot=first_price.clear_lot), "is taken"),
    (SimpleNamespace(SPEC=module().SPEC, clear_lot=lambda lot: None), "clear_lot(book, params)"),
    (SimpleNamespace(SPEC=module().SPEC), "clear_lot(book, params)"),
    (SimpleNamespace(), "SPEC must be"),
    (SimpleNamespace(SPEC=dataclasses.replace(first_price.SPEC, slug="Not-Good")), "the slug 'Not-Good'"),
]


@pytest.mark.parametrize(("rule", "words"), BAD)
def test_registration_checks_and_names_the_source(rule, words):
    with pytest.raises(RegistrationError) as caught:
        registry.register(rule, "the package acme")
    assert words in str(caught.value)
    assert "the package acme" in str(caught.value)


@pytest.mark.parametrize(("names", "words"), [(["gsp"], "a built-in rule"), (["mine", "mine"], "acme.rule0")])
def test_two_rules_cannot_have_one_name(names, words, monkeypatch):
    points = [EntryPoint(name, f"acme.rule{index}", registry.GROUP) for index, name in enumerate(names)]
    monkeypatch.setattr(registry, "_plugins", None)
    monkeypatch.setattr(registry, "_installed", lambda: points)
    with pytest.raises(RegistrationError) as caught:
        registry.specs()
    assert words in str(caught.value)
    assert points[-1].value in str(caught.value)


def test_a_rule_registered_by_hand_is_like_any_other(monkeypatch):
    monkeypatch.setattr(registry, "_rules", dict(registry._rules))
    registry.register(module())
    assert get("other_rule").title == first_price.SPEC.title
    with pytest.raises(RegistrationError, match="is taken"):
        registry.register(module())
