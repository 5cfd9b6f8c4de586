"""Schemathesis on our document: its own engine, all its checks, with names of things that exist in the addresses."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.engine import Status, events, from_schema

PHASES = ("examples", "coverage", "fuzzing", "stateful")
ACCEPTED = ["2xx", "401", "402", "403", "404", "409", "422", "429"]  # 422: well formed, yet this market cannot take it


def faults_and_count(
    document: dict[str, Any],
    url: str,
    *,
    headers: dict[str, str],
    known: dict[str, list[str]],
    examples: int,
    phases: Sequence[str],
    accounts: Path | None = None,
) -> tuple[list[tuple[str, ...]], Counter[str]]:
    """(check, address, what is wrong, what was sent, what was answered), and how many requests each address got.

    With accounts (see `accounts_in`) the first one asks, and what it made is then asked for by the others.
    """
    settings = _settings(document, url, headers, known, examples, phases)
    if accounts is not None:
        names = [account["name"] for account in json.loads(accounts.read_text())["auth"]]
        settings["auth"] = {"wfc": {"path": str(accounts), "user": names[0], "peers": names}}
    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_dict(document, config=config)
    faults: list[tuple[str, ...]] = []
    asked: Counter[str] = Counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            faults.append(("error", event.label, str(event.value)))
        elif isinstance(event, events.FatalError):
            faults.append(("error", "", repr(event.exception)))
        elif isinstance(event, events.ScenarioFinished):
            asked[event.label] += len(event.recorder.interactions)
            faults += _failed(event)
    return faults, asked


def accounts_in(file: Path, keys: dict[str, str]) -> Path:
    """The file, with an account for each name and key: those that must not see each other's things."""
    accounts = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for name, key in keys.items()
    ]
    file.write_text(json.dumps({"auth": accounts}))
    return file


def _with_cursors(document: dict[str, Any]) -> list[str]:
    """Lists; whether a cursor was given by a page of this very list no schema can say, and an unknown one is a 400."""
    return [
        f"{method.upper()} {path}"
        for path, acts in document["paths"].items()
        for method, act in acts.items()
        if any(part["name"] == "cursor" for part in act.get("parameters", ()))
    ]


def _settings(
    document: dict[str, Any],
    url: str,
    headers: dict[str, str],
    known: dict[str, list[str]],
    examples: int,
    phases: Sequence[str],
) -> dict[str, Any]:
    names = {name: {"values": values} for name, values in known.items()}
    return {
        "base-url": url,
        "continue-on-failure": True,
        "suppress-health-check": ["all"],
        "seed": 1,
        "max-redirects": 0,
        "request-timeout": 120,  # a first PDF on a laden machine takes its time
        "warnings": False,
        "headers": headers,
        "dictionaries": {**names, "wait": {"values": [0, 1]}},
        "parameters": {
            **{f"path.{name}": {"dictionary": name, "probability": 0.7} for name in known},
            "query.wait": {"dictionary": "wait", "probability": 1.0},  # seconds, of which there are not that many
        },
        "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        },
        "operations": [
            {
                "include-name": name,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]}},
            }
            for name in _with_cursors(document)
        ],
        "phases": {name: {"enabled": name in phases} for name in PHASES},
    }


def _failed(event: Any) -> Iterator[tuple[str, ...]]:
    for case, nodes in event.recorder.checks.items():
        for node in nodes:
            if node.status == Status.FAILURE:
                met = event.recorder.interactions.get(case)
                sent = "" if met is None else f"{met.request.method} {met.request.uri} {met.request.body!r}"
                got = "" if met is None or met.response is None else repr(met.response.content[:300])
                yield node.name, event.label, str(node.failure_info.failure)[:300], sent[:600], got
