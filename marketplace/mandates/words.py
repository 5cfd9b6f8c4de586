"""Mandates, acts and reasons in sentences that a person can read."""

from collections.abc import Iterable, Iterator

from marketplace.core.money import minor_text
from marketplace.mandates import documents
from marketplace.mandates.acts import NO_CATEGORY, THE_MARKET, Act
from marketplace.mandates.documents import DAYS, Ceiling, Condition, Document, Hours, PurseRule, Rule, SetTest

PLAIN = {NO_CATEGORY: "things without a category", THE_MARKET: "whoever trades there"}
NOUNS = {
    "categories": ("for", "for something else than"),
    "counterparties": ("from", "from anyone but"),
    "mechanisms": ("under the rule", "under another rule than"),
    "disclosures": ("where results are", "where results are anything but"),
}
DISCLOSED = {"own_only": "told to each alone", "pseudonymous": "shown by pseudonym", "public": "published whole"}
FIXED = {
    "revoked": "The agent, or one above it, was stopped.",
    "expired": "The mandate has expired.",
    "expires": "The market closes after the mandate ends.",
    "not_yet": "The mandate does not hold yet.",
    "hours": "It is outside of the hours of the mandate.",
    "currency": "The mandate does not cover this currency.",
    "deal": "One deal may not cost so much.",
    "categories": "The mandate does not cover such things.",
    "counterparties": "The mandate does not cover this seller.",
    "mechanisms": "The mandate does not cover markets under this rule.",
    "ask": "It is to be asked about.",
    "never": "It is never to be done.",
    "alone": "No rule lets the agent do this alone.",
    "purse": "Your rules do not say which payment source pays.",
    "untellable": "This is told to nobody.",
    "may_tell": "The mandate does not let this be told.",
}


def act_words(act: Act, amount_only: bool = False) -> str:
    """An act as a sentence, or just the most that it can cost."""
    amount = minor_text(act.limit_minor, act.currency)
    if amount_only:
        return amount
    verb = "Raise the limit to" if act.kind == "raise" else "Join under a limit of"
    return f"{verb} {amount} in “{act.title}” ({_kinds(act.categories)}, rule {act.mechanism})."


def reason_words(reason: str, document: Document) -> str:
    """A policy that decided, in words; `never:0` is the first of the rules that say never."""
    kind, _, number = reason.partition(":")
    if kind == "above":
        return f"The mandate above says so: {reason_words(number, documents.HOUSE)}"
    if number.isdigit() and int(number) < len(getattr(document, kind, None) or ()):
        rule = getattr(document, kind)[int(number)]
        lead = "You want to be asked" if kind == "ask" else "You said never"
        return f"{lead}: {rule.name or condition_words(rule.when)}."
    return FIXED.get(kind, "The mandate could not be read, so it permits nothing.")


def sentences(document: Document) -> list[str]:
    """A mandate as sentences, the strictest first."""
    return [
        *(f"Never {_rule(rule)}." for rule in document.never),
        *(f"Ask me {_rule(rule)}." for rule in document.ask),
        *_alone(document),
        *_bounds(document),
        *_window(document),
        *_telling(document),
        *(f"Pay with “{rule.purse}” {_purse_when(rule)}." for rule in document.purses),
    ]


def condition_words(when: Condition) -> str:
    """A condition as the end of a sentence."""
    parts = list(_tests(when))
    return ", ".join(parts) if parts else "whatever it is"


def kind_words(category: str) -> str:
    """A category as a person reads it: concert-ticket/1 is “concert ticket”, and a later version says its number."""
    if category in PLAIN:
        return PLAIN[category]
    name, slash, version = category.rpartition("/")
    if not slash or not version.isdigit():
        return f"“{category}”"
    return f"“{name.replace('-', ' ')}”" + ("" if version == "1" else f" (version {version})")


def _rule(rule: Rule) -> str:
    return condition_words(rule.when) + (f" ({rule.name})" if rule.name else "")


def _purse_when(rule: PurseRule) -> str:
    words = condition_words(rule.when)
    return "for everything" if words == "whatever it is" else f"for acts {words}"


def _alone(document: Document) -> Iterator[str]:
    if document.alone is None:
        yield "Otherwise act alone, within the limits below." if document.ceilings else "Otherwise act alone."
    elif not document.alone:
        yield "Ask me before everything else." if document.never or document.ask else "Ask me before everything."
    else:
        yield from (f"Act alone {_rule(rule)}." for rule in document.alone)
        yield "Ask me before everything else."


def _bounds(document: Document) -> Iterator[str]:
    for currency, ceiling in sorted((document.ceilings or {}).items()):
        yield from _ceiling(currency, ceiling)
    if document.ceilings is not None:
        yield f"Spend in {_either(document.ceilings)} only." if document.ceilings else "Spend nothing."
    for name, noun in (("categories", "Buy only"), ("counterparties", "Deal only with"), ("mechanisms", "Join only")):
        names = getattr(document, name)
        if names is not None:
            yield f"{noun} {_either(_named(each, name) for each in names) if names else 'nothing at all'}."


def _ceiling(currency: str, ceiling: Ceiling) -> Iterator[str]:
    words = {"deal": "for one deal", "day": "a day", "standing": "open at one time", "total": "in all"}
    for name, end in words.items():
        bound = getattr(ceiling, f"{name}_minor")
        if bound is not None:
            yield f"At most {minor_text(bound, currency)} {end}."


def _window(document: Document) -> Iterator[str]:
    if document.hours is not None:
        yield f"Only {_hours(document.hours)}."
    if document.not_before is not None:
        yield f"Not before {document.not_before:%d %B %Y, %H:%M} {document.not_before:%Z}."
    if document.expires_at is not None:
        yield f"Until {document.expires_at:%d %B %Y, %H:%M} {document.expires_at:%Z}."


def _telling(document: Document) -> Iterator[str]:
    for field, receivers in sorted(document.may_tell.items()):
        yield f"You may tell {field} to {_either(receivers)}."
    yield "Tell nobody what things are worth to me, my budget or my payment sources."


def _tests(when: Condition) -> Iterator[str]:
    over, most, currency = when.over_minor, when.up_to_minor, when.currency or ""
    if over is not None and most is not None:
        yield f"above {minor_text(over, currency)} and up to {minor_text(most, currency)}"
    elif over is not None:
        yield f"above {minor_text(over, currency)}"
    elif most is not None:
        yield f"up to {minor_text(most, currency)}"
    elif currency:
        yield f"in {currency}"
    for name, (same, other) in NOUNS.items():
        test = getattr(when, name)
        if test is not None:
            yield _set_words(test, same, other, name)
    if when.new_counterparty is not None:
        yield "from a seller I have not dealt with" if when.new_counterparty else "from a seller I know"
    if when.hours is not None:
        yield _hours(when.hours)


def _set_words(test: SetTest, same: str, other: str, name: str) -> str:
    listed = _either(_named(each, name) for each in sorted(test.names))
    if test.operator == "other_than":
        return f"{other} {listed}"
    return f"{same} {listed}" if test.operator == "any" or name != "categories" else f"{same} {listed} only"


def _named(value: str, kind: str) -> str:
    if kind == "categories":
        return kind_words(value)
    return DISCLOSED.get(value, value) if kind == "disclosures" else PLAIN.get(value, value)


def _hours(windows: tuple[Hours, ...]) -> str:
    return " or ".join(_hour(window) for window in windows)


def _hour(window: Hours) -> str:
    if window.days == DAYS:
        days = ""
    elif window.days == DAYS[:5]:
        days = " on weekdays"
    else:
        days = " on " + _either((day.capitalize() for day in window.days), "and")
    return f"between {window.since} and {window.until}{days}"


def _kinds(categories: Iterable[str]) -> str:
    return _either((kind_words(name) for name in sorted(categories)), "and")


def _either(names: Iterable[str], joint: str = "or") -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {joint} {listed[-1]}" if listed else "nobody"
