"""Packages: checked without Django, and whatever field is changed, it is named."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import mechanisms
from marketplace.clearing.packages import package_answer
from marketplace.core.refusals import Refusal
from mechanisms.check.packages import verify_package
from mechanisms.errors import ProblemError
from tests.factories import Trader, buy, close_now, open_a_market
from tests.test_house import ROOT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def packaged(swept: Callable[[], int], **stated: object) -> dict[str, Any]:
    """The package of a small market in which a bid was replaced, and another withdrawn."""
    market, traders = open_a_market(**{"disclosure": "public", **stated}), [Trader() for _ in range(4)]
    for trader, value in zip(traders, (5000, 7000, 7000, 100), strict=True):
        trader.join(market)
        first = trader.bid(market, buy("room", value)).bid.ref
    traders[3].bid(market, buy("room", 200) | {"replaces": first, "budget": 150})
    close_now(market)
    swept()
    market.refresh_from_db()
    answer = package_answer(market, traders[0].identity)
    package: dict[str, Any] = json.loads(msgspec.json.encode(answer))
    return package


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, list]]:
    """Every field that is no object or list, with the keys that lead to it."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not parts and at:
        yield at, []
    for key, part in parts:
        for pointer, keys in (
            leaves(part, f"{at}/{key}") if isinstance(part, dict | list) and part else [(f"{at}/{key}", [])]
        ):
            yield pointer, [key, *keys]


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str) and value:
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return "x"


def mutated(package: dict, keys: list) -> dict:
    """The package with one field changed."""
    copied = copy.deepcopy(package)
    inner = copied
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = changed(inner[keys[-1]])
    return copied


def named(package: dict) -> list[str]:
    """The pointers that the check names."""
    try:
        return [finding.pointer for finding in verify_package(package)]
    except ProblemError as error:
        return [error.pointer]


def later(package: dict[str, Any]) -> dict[str, Any]:
    """The package of the round that follows where the first one's winner does not pay."""
    first = package["problem"]
    gone = package["outcome"]["awards"][0]["agent"]
    left = first | {"bids": [bid for bid in first["bids"] if bid["agent"] != gone]}
    outcome = json.loads(mechanisms.run(first["mechanism"], left, first["params"], first["seed"]).to_json())
    without = {"agents": [gone], "lots": []}
    return copy.deepcopy(package | {"first": first, "without": without}) | {"problem": left, "outcome": outcome}


@pytest.mark.parametrize("mechanism", ["second_price", "vcg", "uniform_price", "second_price, a later round"])
def test_whatever_field_is_changed_is_named(swept: Callable[[], int], mechanism: str) -> None:
    rule, _, of_a_later_round = mechanism.partition(", ")
    package = packaged(swept, mechanism=rule)
    package = later(package) if of_a_later_round else package
    assert named(package) == []
    assert {row["status"] for row in package["receipts"]} == {"accepted", "replaced"}
    unnamed = []
    for pointer, keys in leaves(package):
        found = named(mutated(package, keys))
        if not any(pointer.startswith(at) or at.startswith(pointer) for at in found if at):
            unnamed.append((pointer, found))
    assert unnamed == []


def test_a_bid_dropped_or_smuggled_in_is_named(swept: Callable[[], int]) -> None:
    package = packaged(swept)
    fewer, more = copy.deepcopy(package), copy.deepcopy(package)
    dropped = fewer["problem"]["bids"].pop()
    assert "/problem/bids" in named(fewer)
    more["problem"]["bids"].append(dropped | {"agent": "prt_z"})
    assert f"/problem/bids/{len(more['problem']['bids']) - 1}" in named(more)


def test_the_command_checks_a_package_without_django(swept: Callable[[], int], tmp_path: Path) -> None:
    package = packaged(swept)
    file = tmp_path / "package.json"
    code = (
        "import sys; from mechanisms.cli import main; status = main(sys.argv[1:]);"
        "sys.exit(9 if 'django' in sys.modules else status)"
    )

    def verify() -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", code, "verify", str(file)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    file.write_text(json.dumps(package))
    done = verify()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["compare_with_the_public_events"]["root"] == package["closing"]["root"]
    file.write_text(json.dumps(mutated(package, ["outcome", "revenue"])))
    refused = verify()
    assert refused.returncode == 2
    assert "/outcome/revenue" in refused.stderr


@pytest.mark.parametrize("disclosure", ["own_only", "pseudonymous"])
def test_only_a_public_market_s_package_is_for_everybody(swept: Callable[[], int], disclosure: str) -> None:
    market, trader = open_a_market(disclosure=disclosure), Trader()
    trader.join(market)
    with pytest.raises(Refusal) as caught:
        package_answer(market, trader.identity)
    assert (caught.value.status, caught.value.code) == (403, "not_disclosed")
