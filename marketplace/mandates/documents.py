"""A mandate as it is written down: a small typed JSON, strictly read, from which policies and sentences are made."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from marketplace.core import limits, strict_json
from marketplace.core.money import CURRENCIES
from marketplace.core.refusals import Refusal

ID = re.compile(r"[A-Za-z0-9_.:/@+-]{1,64}")  # opaque: nothing in it needs quoting in a policy
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNTELLABLE = ("worth", "budget", "purses")  # may be told to nobody, whatever a mandate says
ANYONE, COUNTERPARTY = "anyone", "counterparty"
SETS = ("categories", "counterparties", "mechanisms", "disclosures")
SINGLE = ("mechanisms", "disclosures")  # facts of which an act has exactly one


class Ceiling(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The most in one currency, in minor units: per deal, per day, standing over all open markets, and in all."""

    deal_minor: int | None = None
    day_minor: int | None = None
    standing_minor: int | None = None
    total_minor: int | None = None


class SetTest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A test of names: `any` of the act's is listed, `all` of them are, or some is `other_than` those listed."""

    any: tuple[str, ...] | None = None
    all: tuple[str, ...] | None = None
    other_than: tuple[str, ...] | None = None

    @property
    def operator(self) -> str:
        """The one of the three that is said."""
        return next(name for name in ("any", "all", "other_than") if getattr(self, name) is not None)

    @property
    def names(self) -> frozenset[str]:
        """What is listed."""
        return frozenset(getattr(self, self.operator))


class Hours(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True, rename={"since": "from"}):
    """A part of the week in the principal's time zone; `from` later than `until` goes over midnight."""

    since: str
    until: str
    days: tuple[str, ...] = DAYS

    @property
    def minutes(self) -> tuple[int, int]:
        """First minute of the day, and the first that is past it."""
        return minute_of(self.since), minute_of(self.until)


class Condition(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """When a rule applies: every test that it states must hold; without one it always applies."""

    currency: str | None = None
    over_minor: int | None = None
    up_to_minor: int | None = None
    categories: SetTest | None = None
    counterparties: SetTest | None = None
    mechanisms: SetTest | None = None
    disclosures: SetTest | None = None
    new_counterparty: bool | None = None
    hours: tuple[Hours, ...] | None = None


class Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A rule with a name of the person's; a learned one may be learned anew, a stated one never goes away by itself."""

    when: Condition
    name: str = ""
    learned: bool = False


class PurseRule(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Which labelled payment source pays for what."""

    purse: str
    when: Condition = Condition()


class Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A mandate. What is null is unbounded; an empty one lets the agent do all that its limits allow.

    `alone`: where the agent may act without asking; null is everywhere. `ask` and `never` go before it.
    """

    ceilings: dict[str, Ceiling] | None = None
    categories: tuple[str, ...] | None = None
    counterparties: tuple[str, ...] | None = None
    mechanisms: tuple[str, ...] | None = None
    hours: tuple[Hours, ...] | None = None
    expires_at: datetime | None = None
    not_before: datetime | None = None
    may_tell: dict[str, tuple[str, ...]] = {}
    alone: tuple[Rule, ...] | None = None
    ask: tuple[Rule, ...] = ()
    never: tuple[Rule, ...] = ()
    purses: tuple[PurseRule, ...] = ()


HOUSE = Document()  # agents that an operator registers: within the limit that they join with, whatever they like
CONSERVATIVE = Document(alone=())  # a person's new agent: it asks before everything


def read(value: Any, at: str = "") -> Document:
    """A parsed value as a mandate; refused with a pointer where it is not one."""
    document = strict_json.shaped(value, Document, at)
    _check_ceilings(document, at)
    for name in ("categories", "counterparties", "mechanisms"):
        _check_names(getattr(document, name), f"{at}/{name}")
    for name in ("expires_at", "not_before"):
        _check_instant(getattr(document, name), f"{at}/{name}")
    _check_hours(document.hours, f"{at}/hours")
    _check_telling(document, f"{at}/may_tell")
    for kind in ("alone", "ask", "never", "purses"):
        _check_rules(getattr(document, kind) or (), f"{at}/{kind}")
    return document


def encoded(document: Document) -> bytes:
    """The bytes in which a mandate is stored and digested."""
    return msgspec.json.encode(document, order="sorted")


def decoded(stored: str | bytes) -> Document:
    """A stored mandate."""
    return msgspec.json.decode(stored, type=Document)


def plain(document: Document) -> dict[str, Any]:
    """A mandate as every door shows it."""
    shown: dict[str, Any] = msgspec.json.decode(encoded(document))
    return shown


def minute_of(text: str) -> int:
    """ "08:30" is minute 510 of the day."""
    return int(text[:2]) * 60 + int(text[3:])


def _refused(detail: str, pointer: str, fix: str = "Correct the mandate.") -> Refusal:
    return Refusal(422, "mandate_invalid", detail, fix, pointer)


def _check_ceilings(document: Document, at: str) -> None:
    for currency, ceiling in (document.ceilings or {}).items():
        _check_currency(currency, f"{at}/ceilings")
        for name, bound in msgspec.structs.asdict(ceiling).items():
            if bound is not None and not 0 <= bound <= limits.MANDATE_MAX_MINOR:
                raise _refused("A ceiling is 0 or more, and not beyond reason.", f"{at}/ceilings/{currency}/{name}")


def _check_currency(currency: str, pointer: str) -> None:
    if currency not in CURRENCIES:
        raise _refused(f"Markets have no currency {currency[:8]!r}.", pointer, "Use an ISO 4217 code such as EUR.")


def _check_names(names: tuple[str, ...] | None, pointer: str) -> None:
    if names is None:
        return
    if len(names) > limits.MANDATE_NAMES:
        raise _refused(f"A list has at most {limits.MANDATE_NAMES} names.", pointer)
    for index, name in enumerate(names):
        if not ID.fullmatch(name):
            raise _refused("A name has 1 to 64 of A-Z a-z 0-9 and _ . : / @ + -.", f"{pointer}/{index}")


def _check_instant(moment: datetime | None, pointer: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise _refused("An instant needs its offset from UTC.", pointer, "Write 2027-01-31T12:00:00Z.")


def _check_hours(windows: tuple[Hours, ...] | None, pointer: str) -> None:
    if windows == ():
        raise _refused("No hours at all: leave them out.", pointer)
    for index, window in enumerate(windows or ()):
        if not (CLOCK.fullmatch(window.since) and CLOCK.fullmatch(window.until)) or window.since == window.until:
            raise _refused("Hours go from one HH:MM until another.", f"{pointer}/{index}")
        if not window.days or not set(window.days) <= set(DAYS):
            raise _refused(f"Days are some of {', '.join(DAYS)}.", f"{pointer}/{index}/days")


def _check_telling(document: Document, pointer: str) -> None:
    for field, receivers in document.may_tell.items():
        if field in UNTELLABLE:
            raise _refused(f"{field} is told to nobody.", f"{pointer}/{field}", "Leave it out.")
        _check_names((field,), pointer)
        _check_names(receivers, f"{pointer}/{field}")


def _check_rules(rules: tuple[Any, ...], pointer: str) -> None:
    if len(rules) > limits.MANDATE_RULES:
        raise _refused(f"There are at most {limits.MANDATE_RULES} rules of a kind.", pointer)
    for index, rule in enumerate(rules):
        name = getattr(rule, "purse", None)
        _check_names((name,) if name is not None else None, f"{pointer}/{index}/purse")
        if len(getattr(rule, "name", "")) > limits.NAME_CHARS:
            raise _refused("A rule's name is too long.", f"{pointer}/{index}/name")
        _check_condition(rule.when, f"{pointer}/{index}/when")


def _check_condition(when: Condition, pointer: str) -> None:
    if when.currency is not None:
        _check_currency(when.currency, f"{pointer}/currency")
    elif when.over_minor is not None or when.up_to_minor is not None:
        raise _refused("An amount needs its currency.", f"{pointer}/currency")
    for name in ("over_minor", "up_to_minor"):
        bound = getattr(when, name)
        if bound is not None and not 0 <= bound <= limits.MANDATE_MAX_MINOR:
            raise _refused("An amount is 0 or more, and not beyond reason.", f"{pointer}/{name}")
    for name in SETS:
        _check_set(getattr(when, name), f"{pointer}/{name}")
    _check_hours(when.hours, f"{pointer}/hours")


def _check_set(test: SetTest | None, pointer: str) -> None:
    if test is None:
        return
    said = [names for names in (test.any, test.all, test.other_than) if names is not None]
    if len(said) != 1 or not said[0]:
        raise _refused("Say one of any, all and other_than, with at least one name.", pointer)
    _check_names(said[0], pointer)


def utc(moment: datetime) -> datetime:
    """An instant of a mandate in UTC."""
    return moment.astimezone(UTC)
