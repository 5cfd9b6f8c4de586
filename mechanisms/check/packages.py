"""Packages: everything by which a stranger checks a cleared round, down to the receipts that its bidders hold.

A package ties its outcome to two events that everybody saw: the opening (hashes of the terms, a commitment to the seed)
and the close (the root of all receipts, the seed). `verify_package` names each field that does not fit the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from mechanisms.check.cutting_out import without_lots
from mechanisms.check.finding import Finding
from mechanisms.check.receipts import (
    BY_PARTICIPATION,
    commitment_of,
    leaf_of,
    receipt_of,
    root_of,
    term_hashes,
    tie_seed_of,
    tree_of,
)
from mechanisms.check.verifying import verify
from mechanisms.engine import run
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_object
from mechanisms.kinds import read_outcome, read_problem
from mechanisms.registry import get

FORMAT = "walras-package/1"
STANDING = "accepted"
_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number")
_SHAPES = {
    "/rule": ("mechanism", "version"),
    "/opening": ("seed_commitment", "terms"),
    "/closing": ("root", "bids", "seed", "tie_seed"),
}


def verify_package(data: Mapping[str, Any]) -> list[Finding]:
    """Every field that does not fit; empty means that the outcome follows from the bids that the root commits to.

    Raises ProblemError with a pointer where the package cannot be read at all.
    """
    fields = ("format", "market", "rule", "problem", "outcome", "opening", "closing", "receipts")
    package = read_object(data, "", fields, ("first", "without"))
    for pointer, names in _SHAPES.items():
        read_object(package[pointer[1:]], pointer, names)
    if package["format"] != FORMAT:
        raise ProblemError("unknown_format", f"the format is {FORMAT}", "/format")
    parts = (
        (_terms, _home(package)),
        (_later, "/without"),
        (_receipts, "/receipts"),
        (_seeds, "/closing"),
        (_outcome, "/outcome"),
    )
    return [finding for check, place in parts for finding in _guarded(check, package, place)]


def _guarded(check: Callable[[Mapping[str, Any]], Iterator[Finding]], package: Any, place: str) -> Iterator[Finding]:
    """What a check finds; what it cannot read is a finding too, at the place that it reads."""
    try:
        yield from check(package)
    except ProblemError as error:
        yield Finding("package", error.code, error.detail, place + (error.pointer or ""))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        yield Finding("package", "unreadable", f"a field is not of its kind: {error}", place)


def _terms(package: Mapping[str, Any]) -> Iterator[Finding]:
    """Rule and terms are those that were published at the opening, and the rule is the one that stands here."""
    rule, problem, home = package["rule"], _whole(package), _home(package)
    if rule["mechanism"] != problem["mechanism"]:
        yield from _unfit("the rules differ", "/rule/mechanism", f"{home}/mechanism")
    elif rule["version"] != get(rule["mechanism"]).version:
        yield from _unfit("another version of the rule stands here", "/rule/version")
    hashes, published = term_hashes(problem, rule["version"]), package["opening"]["terms"]
    for name in sorted({*hashes, *published}):
        if hashes.get(name) != published.get(name):
            where = "/rule/version" if name == "version" else f"{home}/{name}"
            yield from _unfit("not as published at the opening", where, f"/opening/terms/{escape(name)}")
    stated = read_problem(problem).to_dict()
    if stated != problem:
        yield from (
            Finding("package", "not_canonical", "not as problems are written", at) for at in gaps(stated, problem, home)
        )


def _whole(package: Mapping[str, Any]) -> Any:
    """The problem that all receipts are of: the first round's, where a later round left something out."""
    return package["first"] if "first" in package else package["problem"]


def _home(package: Mapping[str, Any]) -> str:
    """Where that problem stands."""
    return "/first" if "first" in package else "/problem"


def _later(package: Mapping[str, Any]) -> Iterator[Finding]:
    """A later round's problem is the first one's, less who did not pay and the lots of who did not accept."""
    if "first" not in package:
        yield from _unfit("nothing is left out of a first round", "/without") if "without" in package else ()
        return
    first, gone = package["first"], read_object(package["without"], "", ("agents", "lots"))
    known = {"agents": {bid["agent"] for bid in first["bids"]}, "lots": {lot["id"] for lot in first["lots"]}}
    for name, names in known.items():
        if not (isinstance(gone[name], list) and names.issuperset(gone[name])):
            yield from _unfit("only what the first problem has can be left out", f"/without/{name}")
    left = [bid for bid in first["bids"] if bid["agent"] not in gone["agents"]]
    expected = without_lots({**first, "bids": left}, gone["lots"])
    for at in gaps(expected, package["problem"]):
        yield from _unfit(
            "not the first round's problem less what is left out", at, "/first" + at.removeprefix("/problem")
        )


def _receipts(package: Mapping[str, Any]) -> Iterator[Finding]:
    """Each bid of the problem is the one of a standing receipt, and the receipts are those under the root."""
    home = _home(package) + "/bids"
    bids = {bid["agent"]: (at, bid) for at, bid in enumerate(_whole(package)["bids"])}
    for at, row in enumerate(package["receipts"]):
        if row["status"] == STANDING:
            place, bid = bids.pop(row["agent"], (None, None))
            yield from _receipt(package["market"], at, row, f"{home}/{place}", bid)
        elif set(row) != {"receipt", "status"}:
            yield from _unfit("only a standing bid is shown", f"/receipts/{at}")
    for place, _ in bids.values():
        yield from _unfit("a bid without a receipt", f"{home}/{place}")
    leaves = [leaf_of(row["receipt"], row["status"]) for row in package["receipts"]]
    if root_of(tree_of(leaves)) != package["closing"]["root"]:
        yield from _unfit("the receipts are not those under the root", "/receipts", "/closing/root")
    if len(leaves) != package["closing"]["bids"]:
        yield from _unfit("another number of receipts was published", "/receipts", "/closing/bids")


def _receipt(market: str, at: int, row: Mapping[str, Any], place: str, bid: Any) -> Iterator[Finding]:
    if bid is None:
        yield from _unfit("a standing bid is not in the problem", f"/receipts/{at}", place.rpartition("/")[0])
        return
    content = _canonical.encode({name: part for name, part in bid.items() if name != "agent"})
    if receipt_of(bytes.fromhex(row["nonce"]), market, row["bid"], row["agent"], content) != row["receipt"]:
        yield from _unfit("the receipt is not one of this bid", f"/receipts/{at}", place)


def _seeds(package: Mapping[str, Any]) -> Iterator[Finding]:
    """The seed is the one committed to, and ties were drawn from it and all receipts."""
    closing, opening = package["closing"], package["opening"]
    if commitment_of(package["market"], closing["seed"]) != opening["seed_commitment"]:
        where = ("/market", "/closing/seed", "/opening/seed_commitment")
        yield from _unfit("the seed is not the one committed to", *where)
    if tie_seed_of(closing["root"], closing["seed"]) != closing["tie_seed"]:
        yield from _unfit("the tie seed does not follow", "/closing/tie_seed", "/closing/root", "/closing/seed")
    if closing["tie_seed"] != package["problem"]["seed"]:
        yield from _unfit("ties went by another seed", "/problem/seed", "/closing/tie_seed")


def _outcome(package: Mapping[str, Any]) -> Iterator[Finding]:
    """The rule, run again, gives this outcome field by field; where floats forbid that, it passes every check."""
    problem, outcome = read_problem(package["problem"]), read_outcome(package["outcome"])
    for finding in verify(problem, outcome):
        yield Finding(finding.claim, finding.code, finding.detail, "/outcome" + finding.pointer)
    if not get(problem.mechanism).numeric:
        again = run(problem.mechanism, problem, problem.params, problem.seed)
        made = in_floats(msgspec.json.decode(again.to_json()))
        found = list(gaps(made, in_floats(package["outcome"]), "/outcome"))
        if found == ["/outcome/digest"]:  # then a term may differ that no event publishes
            found += [f"/problem/params/{name}" for name in BY_PARTICIPATION if name in problem.params]
        for at in found:
            yield Finding("consistent", "not_reproduced", "the rule, run again, says otherwise", at)


def in_floats(value: Any) -> Any:
    """Numbers that are not whole as floats, so that what was read in two ways is compared alike."""
    if isinstance(value, Mapping):
        return {key: in_floats(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [in_floats(part) for part in value]
    return value if isinstance(value, str | int | None) else float(value)


def gaps(right: Any, stated: Any, at: str = "/problem") -> Iterator[str]:
    """Pointers to where two JSON values differ."""
    if isinstance(right, Mapping) and isinstance(stated, Mapping):
        for name in sorted({*right, *stated}):
            yield from gaps(right.get(name), stated.get(name), f"{at}/{escape(name)}")
    elif isinstance(right, list) and isinstance(stated, list) and len(right) == len(stated):
        for index, pair in enumerate(zip(right, stated, strict=True)):
            yield from gaps(*pair, f"{at}/{index}")
    elif right != stated or type(right) is not type(stated):
        yield at


def _unfit(detail: str, *pointers: str) -> Iterator[Finding]:
    for pointer in pointers:
        yield Finding("package", "does_not_fit", detail, pointer)
