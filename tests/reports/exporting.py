"""Exports of many random markets, written without Django, as the replays need them."""

import hashlib
import json
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from mechanisms.check.generating import generate, random_params
from mechanisms.check.packages import FORMAT, STANDING
from mechanisms.check.receipts import (
    commitment_of,
    leaf_of,
    receipt_of,
    root_of,
    term_hashes,
    tie_seed_of,
    tree_of,
)
from mechanisms.check.replaying import LINES, MANIFEST, REPLAY, replay_document
from mechanisms.engine import run
from mechanisms.registry import get, specs
from mechanisms.strict_json import parse

HAGGLED = ("english", "dutch", "ascending_clock", "continuous_double_auction")
canonical = msgspec.json.Encoder(order="sorted", decimal_format="number")


def receipted(slug: str, rng: Random, market: str) -> dict[str, Any]:
    """A random market of an auction, with receipts, as `GET .../package/` answers."""
    spec = get(slug)
    return packaged(generate(spec, rng, random_params(spec, rng)).to_dict(), rng, market)


def packaged(stated: dict[str, Any], rng: Random, market: str) -> dict[str, Any]:
    """The same of a problem that is given."""
    spec = get(stated["mechanism"])
    seed = rng.randbytes(32).hex()
    receipts = [_receipt(market, bid, rng) for bid in stated["bids"]]
    lost = {"receipt": rng.randbytes(32).hex(), "status": "withdrawn"}
    leaves = [leaf_of(row["receipt"], row["status"]) for row in [*receipts, lost]]
    root = root_of(tree_of(leaves))
    stated["seed"] = tie_seed_of(root, seed)
    outcome = run(spec.slug, stated)
    return {
        "format": FORMAT,
        "market": market,
        "rule": {"mechanism": spec.slug, "version": spec.version},
        "problem": stated,
        "outcome": parse(outcome.to_json()),
        "opening": {"seed_commitment": commitment_of(market, seed), "terms": term_hashes(stated, spec.version)},
        "closing": {"root": root, "bids": len(leaves), "seed": seed, "tie_seed": stated["seed"]},
        "receipts": [*receipts, lost],
    }


def _receipt(market: str, bid: dict[str, Any], rng: Random) -> dict[str, Any]:
    nonce, ref = rng.randbytes(32), f"bid_{rng.getrandbits(60)}"
    content = canonical.encode({name: part for name, part in bid.items() if name != "agent"})
    receipt = receipt_of(nonce, market, ref, bid["agent"], content)
    return {"receipt": receipt, "status": STANDING, "bid": ref, "agent": bid["agent"], "nonce": nonce.hex()}


def plain(slug: str, rng: Random, market: str) -> dict[str, Any]:
    """A random problem of any rule and its outcome."""
    spec = get(slug)
    problem = generate(spec, rng, random_params(spec, rng))
    return replay_document(parse(problem.to_json()), parse(run(slug, problem).to_json()), market, REPLAY)


def random_lines(count: int, seed: int) -> list[dict[str, Any]]:
    """Markets of all rules in turn, auctions with receipts and everything else without; none that is `unproven`."""
    rng, slugs = Random(seed), [spec.slug for spec in specs()]
    lines: list[dict[str, Any]] = []
    while len(lines) < count:
        slug, market = slugs[len(lines) % len(slugs)], f"mkt_{len(lines)}"
        line = (receipted if get(slug).kind == "auction" else plain)(slug, rng, market)
        if line["outcome"]["status"] != "unproven":
            lines.append(line)
    return lines


def write_export(path: Path, lines: list[dict[str, Any]]) -> Path:
    """The lines as an export, with its manifest."""
    body = b"".join(canonical.encode(line) + b"\n" for line in lines)
    resources = [{"name": "packages", "path": LINES, "hash": "sha256:" + hashlib.sha256(body).hexdigest()}]
    with zipfile.ZipFile(path, "w") as export:
        export.writestr(LINES, body)
        export.writestr(MANIFEST, json.dumps({"resources": resources}))
    return path
