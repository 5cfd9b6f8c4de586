"""The rules that a market may have, as agents and operators read them."""

from dataclasses import asdict
from functools import cache
from typing import Any

import mechanisms
from mechanisms.errors import ProblemError
from mechanisms.registry import Spec

KINDS = ("auction", "dynamic", "haggling", "scoring")


def for_markets() -> list[Spec]:
    """The rules that a market can have, by slug."""
    return [spec for spec in mechanisms.specs() if spec.kind in KINDS]


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule of an auction, an exchange or a haggle: what it is, takes and promises, and on what terms."""
    return [_rule(spec) for spec in for_markets()]


def find_rule(slug: str) -> Spec | None:
    """A rule of the library, one for markets or not; None where there is none of that name."""
    try:
        return mechanisms.get(slug)
    except ProblemError:
        return None


def rule(slug: str) -> Spec:
    """One rule's declaration, for pages that say what it does."""
    return mechanisms.get(slug)


def _rule(spec: Any) -> dict[str, Any]:
    return {
        "slug": spec.slug,
        "title": spec.title,
        "summary": spec.summary,
        "reference": spec.paper,
        "sides": spec.sides,
        "kind": spec.kind,
        "by_turns": spec.by_turns,
        "version": spec.version,
        "sizes": asdict(spec.sizes),
        "bundle_sizes": asdict(spec.bundle_sizes) if spec.bundle_sizes else None,
        "params": spec.params.model_json_schema(),
        "claims": [
            {"name": claim.name, "status": claim.status, "assumes": list(claim.assumes)} for claim in spec.claims
        ],
    }
