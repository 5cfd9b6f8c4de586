"""Replaying: every outcome of an export, made again from problem, seed and versions, and held against what is stated.

An export holds `packages.jsonl`, a market a line, in one of three forms. A package (`walras-package/1`) hangs on the
receipts of a market; a replay (`walras-replay/1`) has problem and outcome alone, with a hash of each field, so that
a changed one can be named; a record (`walras-record/1`) is an outcome that others published: nobody's
rule stands here to make it again, so only its sums and its digest are checked.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mechanisms.check.finding import Finding
from mechanisms.check.packages import FORMAT as PACKAGE
from mechanisms.check.packages import gaps, in_floats, verify_package
from mechanisms.check.verifying import consistent, verify
from mechanisms.digest import digest_of, hash_of
from mechanisms.engine import prepare_any, run
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_object
from mechanisms.kinds import read_outcome, read_problem
from mechanisms.registry import get
from mechanisms.strict_json import parse
from mechanisms.types import Outcome, Problem

REPLAY, RECORD = "walras-replay/1", "walras-record/1"
LINES, MANIFEST = "packages.jsonl", "datapackage.json"
TOLERANCE = 1e-6
_FIELDS = ("format", "market", "rule", "problem", "outcome", "fields")
_SPLIT = ("bids", "lots", "agreements", "moves", "parties")  # fields of a problem that are hashed part by part


@dataclass(frozen=True, slots=True)
class Replayed:
    """One market of an export: made again or only held against itself, and what was found against it."""

    market: str
    form: str
    digest: str
    findings: list[Finding]


def replay_document(problem: Mapping[str, Any], outcome: Mapping[str, Any], market: str, form: str) -> dict[str, Any]:
    """A line of an export for an outcome that has no receipts, from the JSON values of problem and outcome."""
    rule = {"mechanism": problem["mechanism"], "version": get(problem["mechanism"]).version}
    head = {"format": form, "market": market, "rule": rule}
    return {**head, "problem": problem, "outcome": outcome, "fields": field_hashes(problem, outcome)}


def field_hashes(problem: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, str]:
    """By pointer, 16 hex digits of each field's hash; long lists and tables part by part."""
    parts = (*_parts("/problem", problem), *_parts("/outcome", outcome))
    return {at: hash_of(value)[:16] for at, value in parts}


def _parts(top: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if name not in _SPLIT:
            yield f"{top}/{escape(name)}", value
            continue
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        yield from ((f"{top}/{name}/{escape(str(key))}", part) for key, part in pairs)


def replay_file(path: str | Path) -> Iterator[Replayed]:
    """Every market of an export (.zip), of its lines (.jsonl), or of one package (.json); first the export's files.

    Raises ProblemError where the file is none of these, OSError where it cannot be read.
    """
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as export:
                yield from _export(export)
        except zipfile.BadZipFile as error:
            raise ProblemError("damaged_export", str(error)) from error
        return
    with Path(path).open("rb") as lines:
        yield from (replay(parse(line)) for line in (lines if str(path).endswith(".jsonl") else [lines.read()]))


def replayed_file(path: str | Path, seen: Callable[[], None] = lambda: None) -> tuple[dict[str, Any], list[Any]]:
    """How many markets there were by what was done with them, and every finding with its market; `seen` once each."""
    counts, findings, digests = {"made_again": 0, "only_summed": 0}, [], hashlib.sha256()
    for found in replay_file(path):
        findings += [{"market": found.market, **finding.to_dict()} for finding in found.findings]
        digests.update(found.digest.encode())
        if found.form != MANIFEST:
            counts["only_summed" if found.form == RECORD else "made_again"] += 1
            seen()
    return {**counts, "digest_of_all": "sha256:" + digests.hexdigest()}, findings


def _export(export: zipfile.ZipFile) -> Iterator[Replayed]:
    if not {MANIFEST, LINES} <= set(export.namelist()):
        raise ProblemError("not_an_export", f"an export holds {MANIFEST} and {LINES}")
    yield Replayed("", MANIFEST, "", list(_files(export)))
    with export.open(LINES) as lines:
        yield from (replay(parse(line)) for line in lines)


def _files(export: zipfile.ZipFile) -> Iterator[Finding]:
    """Files that are not those that the export was written with, by name."""
    stated = {row["path"]: row["hash"] for row in parse(export.read(MANIFEST))["resources"]}
    found = set(export.namelist()) - {MANIFEST}
    for name in sorted(found ^ set(stated)):
        yield Finding("export", "missing" if name in stated else "added", "not as the export was written", f"/{name}")
    for name in sorted(found & set(stated)):
        if file_hash(export, name) != stated[name]:
            yield Finding("export", "file_changed", "not the bytes that the export was written with", f"/{name}")


def file_hash(export: zipfile.ZipFile, name: str) -> str:
    """What a manifest says of a file: `sha256:` and 64 hex digits."""
    found = hashlib.sha256()
    with export.open(name) as file:
        while part := file.read(1 << 20):
            found.update(part)
    return "sha256:" + found.hexdigest()


def replay(data: Any) -> Replayed:
    """One market; whatever field does not fit is named by a pointer."""
    stated = data if isinstance(data, Mapping) else {}
    market, form = str(stated.get("market")), str(stated.get("format"))
    parts = (_package,) if form == PACKAGE else (_shape, _rule, _changed, _outcome)
    findings = [finding for part in parts for finding in _guarded(part, stated)]
    outcome = stated.get("outcome")
    return Replayed(market, form, str(outcome.get("digest")) if isinstance(outcome, Mapping) else "", findings)


def _guarded(part: Callable[[Any], Iterable[Finding]], stated: Mapping[str, Any]) -> Iterator[Finding]:
    """What a check finds; that it cannot read a field is a finding too, and keeps no other check back."""
    try:
        yield from part(stated)
    except ProblemError as error:
        yield Finding("replay", error.code, error.detail, error.pointer or "")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        yield Finding("replay", "unreadable", f"not of its kind: {error!r}")


def _package(stated: Any) -> list[Finding]:
    return verify_package(stated)


def _shape(stated: Any) -> Iterator[Finding]:
    read_object(stated, "", _FIELDS)
    if stated["format"] not in (REPLAY, RECORD):
        raise ProblemError("unknown_format", f"the formats are {PACKAGE}, {REPLAY} and {RECORD}", "/format")
    return iter(())


def _outcome(stated: Any) -> Iterator[Finding]:
    check = _recorded if stated["format"] == RECORD else _made_again
    return check(_problem(stated), stated["outcome"])


def _problem(stated: Any) -> Any:
    try:
        return read_problem(stated["problem"])
    except ProblemError as error:
        raise ProblemError(error.code, error.detail, f"/problem{error.pointer or ''}") from error


def _rule(stated: Mapping[str, Any]) -> Iterator[Finding]:
    rule = read_object(stated["rule"], "/rule", ("mechanism", "version"))
    if rule["mechanism"] != stated["problem"]["mechanism"]:
        yield Finding("replay", "does_not_fit", "the rules differ", "/rule/mechanism")
    elif rule["version"] != get(rule["mechanism"]).version:
        yield Finding("replay", "does_not_fit", "another version of the rule stands here", "/rule/version")


def _changed(stated: Mapping[str, Any]) -> Iterator[Finding]:
    now, then = field_hashes(stated["problem"], stated["outcome"]), stated["fields"]
    for at in sorted({*now, *then}):
        if now.get(at) != then.get(at):
            yield Finding("replay", "changed", "not what its hash was taken of", at)


def _made_again(problem: Any, outcome: Mapping[str, Any]) -> Iterator[Finding]:
    """The rule, run again: field by field the same, or for floats near it and by their conditions right."""
    again = run(problem.mechanism, problem, problem.params, problem.seed)
    made = msgspec.json.decode(again.to_json())
    told = again.certificate
    numeric = get(problem.mechanism).numeric or told.get("grade") == "numeric" or "numeric" in told
    for at in gaps(in_floats(made), in_floats(outcome), "/outcome"):
        left = at.startswith(("/outcome/certificate", "/outcome/digest"))
        if not numeric or not (left or _near(_at(made, at), _at(outcome, at))):
            yield Finding("replay", "not_reproduced", "the rule, run again, says otherwise", at)
    if numeric:
        yield from _conditions(problem, outcome)


def _conditions(problem: Any, outcome: Mapping[str, Any]) -> Iterator[Finding]:
    """What makes a numeric outcome right: checked with code that shares nothing with the rule."""
    for finding in verify(problem, read_outcome(outcome)):
        yield Finding(finding.claim, finding.code, finding.detail, "/outcome" + finding.pointer)


def _recorded(problem: Any, outcome: Mapping[str, Any]) -> Iterator[Finding]:
    """Sums that are sums, and the digest of just this problem and outcome."""
    read = read_outcome(outcome)
    spec = get(problem.mechanism)
    if isinstance(problem, Problem) and isinstance(read, Outcome):
        yield from consistent(prepare_any(spec, problem), read)
    if digest_of(problem.to_dict(), spec.version, read.to_dict()) != read.digest:
        yield Finding("replay", "wrong_digest", "not the digest of this problem and outcome", "/outcome/digest")


def _at(value: Any, pointer: str) -> Any:
    for key in pointer.split("/")[2:]:
        name = key.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value.get(name)
    return value


def _near(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return False
    try:
        first, second = float(one), float(other)
    except (TypeError, ValueError):
        return False
    return abs(first - second) <= TOLERANCE * max(1.0, abs(first))
