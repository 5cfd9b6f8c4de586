"""What a rule from another package must be before it is let in."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args

from mechanisms.claims import ASSUMPTIONS, OUTCOME_CLAIMS, RULE_CLAIMS, STATUSES, Claim
from mechanisms.spec import KindName, Spec, Visibility

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,63}")


class RegistrationError(Exception):
    """A rule that cannot be taken: `source` says which package's, `detail` why."""

    code = "invalid_rule"

    def __init__(self, source: str, detail: str) -> None:
        super().__init__(f"the rule of {source}: {detail}")
        self.source = source
        self.detail = detail


def check_rule(module: Any, source: str, *, taken: set[str], expected: str | None = None) -> Spec:
    """The module's SPEC, when everything about it is right; RegistrationError names `source` otherwise."""
    spec = getattr(module, "SPEC", None)
    if not isinstance(spec, Spec):
        raise RegistrationError(source, "SPEC must be a mechanisms.spec.Spec")
    if not isinstance(spec.slug, str) or not _SLUG.fullmatch(spec.slug):
        raise RegistrationError(source, f"the slug {spec.slug!r} must be lower-case letters, digits and underscores")
    if expected is not None and spec.slug != expected:
        raise RegistrationError(source, f"the entry point's name must be the slug {spec.slug!r}")
    if spec.slug in taken:
        raise RegistrationError(source, f"the slug {spec.slug!r} is taken")
    _check_params(spec, source)
    _check_signature(module, spec, source)
    for claim in spec.claims:
        _check_claim(claim, source)
    return spec


def _check_params(spec: Spec, source: str) -> None:
    from mechanisms.params import Params  # noqa: PLC0415 - pydantic's models are loaded with the first rule only

    if not (isinstance(spec.params, type) and issubclass(spec.params, Params)):
        raise RegistrationError(source, "params must be a subclass of mechanisms.params.Params")
    if spec.sides not in ("one", "two") or spec.visibility not in get_args(Visibility):
        raise RegistrationError(source, "sides are 'one' or 'two', visibility 'sealed' or 'open'")
    if spec.kind not in get_args(KindName):
        raise RegistrationError(source, f"no kind of problem is called {spec.kind!r}")
    if not (spec.title and spec.summary and spec.paper and spec.pricing):
        raise RegistrationError(source, "title, summary, paper and pricing must say something")


def _check_signature(module: Any, spec: Spec, source: str) -> None:
    name, first = ("clear_lot", "book") if spec.kind == "auction" and not spec.bundles else ("solve", "problem")
    algorithm = getattr(module, name, None)
    if not callable(algorithm) or list(inspect.signature(algorithm).parameters) != [first, "params"]:
        raise RegistrationError(source, f"{name}({first}, params) must be a function of exactly these two")


def _check_claim(claim: Any, source: str) -> None:
    if not isinstance(claim, Claim):
        raise RegistrationError(source, f"{claim!r} is no mechanisms.claims.Claim")
    if claim.name not in (*OUTCOME_CLAIMS, *RULE_CLAIMS):
        raise RegistrationError(source, f"no claim is called {claim.name!r}")
    if claim.status not in STATUSES:
        raise RegistrationError(source, f"the claim {claim.name!r} cannot be {claim.status!r}")
    unknown = set(claim.assumes) - set(ASSUMPTIONS)
    if unknown:
        raise RegistrationError(source, f"the claim {claim.name!r} assumes what is not in the list: {sorted(unknown)}")
