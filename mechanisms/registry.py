"""Where all rules are found: the built-ins in one tuple, rules of other packages by entry point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from mechanisms.book import Book, Fill
from mechanisms.errors import ProblemError
from mechanisms.spec import Spec

# Each stands in mechanisms/rules/, with SPEC and algorithm; a module is imported when its rule is first asked for.
BUILT_IN = (
    "first_price",
    "second_price",
    "uniform_price",
    "multi_unit_vickrey",
    "pay_as_bid",
    "gsp",
    "position_vcg",
    "double_auction",
    "trade_reduction",
)


@dataclass(frozen=True)
class Rule:
    """A declaration with its algorithm: one lot's orders in, what is filled and paid out."""

    spec: Spec
    clear_lot: Callable[[Book, Any], Fill]


_rules: dict[str, Rule] = {}


def rule(slug: str) -> Rule:
    """Declaration and algorithm of that slug; ProblemError `unknown_mechanism` where there is none."""
    if slug not in _rules:
        if slug not in slugs():
            raise ProblemError("unknown_mechanism", f"no rule {slug!r}; known are {', '.join(slugs())}", "/mechanism")
        _rules[slug] = from_module(import_module(f"mechanisms.rules.{slug}"))
    return _rules[slug]


def from_module(module: ModuleType) -> Rule:
    """The rule that a module holds."""
    return Rule(module.SPEC, module.clear_lot)


def slugs() -> list[str]:
    """The names of all rules, sorted."""
    return sorted({*BUILT_IN, *_rules})


def get(slug: str) -> Spec:
    """The declaration of one rule."""
    return rule(slug).spec


def specs() -> tuple[Spec, ...]:
    """All declarations, sorted by slug."""
    return tuple(get(slug) for slug in slugs())
