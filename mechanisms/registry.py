"""Where all rules are found: the built-ins in one tuple, rules of other packages by entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mechanisms.book import Book, Fill
from mechanisms.errors import ProblemError
from mechanisms.registering import RegistrationError, check_rule
from mechanisms.spec import Spec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "walras.mechanisms"
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
    "vcg",
    "core_selecting",
    "vcg_exchange",
    "walrasian",
    "nash_bargaining",
    "kalai_smorodinsky",
    "egalitarian_bargaining",
    "utilitarian_bargaining",
    "scoring_auction",
    "claims_division",
    "fisher_market",
    "deferred_acceptance",
    "top_trading_cycles",
    "serial_dictatorship",
    "ultimatum",
    "alternating_offers",
    "english",
    "dutch",
    "ascending_clock",
    "continuous_double_auction",
)


@dataclass(frozen=True)
class Rule:
    """A declaration with its module, which holds the algorithm."""

    spec: Spec
    module: Any

    @property
    def clear_lot(self) -> Callable[[Book, Any], Fill]:
        """Of an auction: one lot's orders in, what is filled and paid out."""
        found: Callable[[Book, Any], Fill] = self.module.clear_lot
        return found

    @property
    def lot_by_lot(self) -> bool:
        """Whether it has an algorithm for single lots."""
        return hasattr(self.module, "clear_lot")

    @property
    def solve(self) -> Callable[[Any, Any], Any]:
        """Of every other kind, and of sales of bundles: the whole problem in, its outcome (without digest) out."""
        found: Callable[[Any, Any], Any] = self.module.solve
        return found


_rules: dict[str, Rule] = {}
_plugins: dict[str, EntryPoint] | None = None


def register(module: ModuleType | Any, source: str = "") -> Spec:
    """Add a rule by hand: anything that has `SPEC` and `clear_lot(book, params)`, or `solve(problem, params)`.

    Raises RegistrationError, naming `source`, where the declaration or the signature is not right or the slug is taken.
    """
    source = source or getattr(module, "__name__", repr(module))
    spec = check_rule(module, source, taken={*BUILT_IN, *_rules, *_found()})
    _rules[spec.slug] = Rule(spec, module)
    return spec


def rule(slug: str) -> Rule:
    """Declaration and algorithm of that slug; ProblemError `unknown_mechanism` where there is none."""
    if slug not in _rules:
        _rules[slug] = _load(slug)
    return _rules[slug]


def _load(slug: str) -> Rule:
    if slug in BUILT_IN:
        module = import_module(f"mechanisms.rules.{slug}")
        return Rule(module.SPEC, module)
    if slug not in _found():
        raise ProblemError("unknown_mechanism", f"no rule {slug!r}; known are {', '.join(slugs())}", "/mechanism")
    point = _found()[slug]
    source = f"{point.name} = {point.value}"
    module = point.load()
    return Rule(check_rule(module, source, taken=set(BUILT_IN), expected=slug), module)


def _found() -> dict[str, EntryPoint]:
    """Entry points by name, which is the slug; looked up once, when a rule that is not built in is first asked for."""
    global _plugins
    if _plugins is None:
        _plugins = _unique(_installed())
    return _plugins


def _installed() -> Iterable[EntryPoint]:
    """What the installed packages offer."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - a tenth of the import's time, for a rare question

    return entry_points(group=GROUP)


def _unique(points: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in points:
        before = found.setdefault(point.name, point)
        if point.name in BUILT_IN or before.value != point.value:
            other = "a built-in rule" if point.name in BUILT_IN else before.value
            raise RegistrationError(f"{point.name} = {point.value}", f"the slug {point.name!r} is taken by {other}")
    return found


def slugs() -> list[str]:
    """The names of all rules, sorted."""
    return sorted({*BUILT_IN, *_rules, *_found()})


def get(slug: str) -> Spec:
    """The declaration of one rule."""
    return rule(slug).spec


def specs(kind: str | None = None) -> tuple[Spec, ...]:
    """All declarations, or those of one kind, sorted by slug."""
    return tuple(spec for spec in map(get, slugs()) if kind in (None, spec.kind))
