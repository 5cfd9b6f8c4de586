"""Mandates as Cedar policies, and Cedar's decisions: alone, ask, or never, with the policies that decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import cedarpy

from marketplace.mandates import documents
from marketplace.mandates.acts import Act
from marketplace.mandates.documents import DAYS, SETS, Condition, Document, Hours, SetTest

ALONE, ASK, NEVER = "alone", "ask", "never"
STRICTNESS = (ALONE, ASK, NEVER)
BROKEN = "broken"  # a policy that could not be evaluated decides for never
NOTHING_PERMITS = "default"
BOTH = 'principal, action in [Action::"do", Action::"alone"], resource'
ONLY_ALONE = 'principal, action == Action::"alone", resource'
TELLING = 'principal, action == Action::"tell", resource'


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mandate says to an act: `reasons` are the policies that made it so, such as `never:0` or `deal`."""

    word: str
    reasons: tuple[str, ...] = ()


def decide(document: Document, act: Act, at: datetime, time_zone: str) -> Verdict:
    """Whether the agent may do this alone, must ask, or never may."""
    facts = act.facts(at, time_zone)
    refusing = _refusing(document, "do", facts)
    if refusing:
        return Verdict(NEVER, refusing)
    asking = _refusing(document, "alone", facts)
    return Verdict(ASK, asking) if asking else Verdict(ALONE)


def may_tell(document: Document, field: str, to: frozenset[str], at: datetime) -> Verdict:
    """Whether a field may be told to somebody who goes by these names, such as an agent's ref and `counterparty`."""
    facts = {"field": field, "to": sorted(to), "at": int(at.timestamp())}
    refusing = _refusing(document, "tell", facts)
    return Verdict(NEVER, refusing) if refusing else Verdict(ALONE)


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """The strictest of several, as for an agent and those above it."""
    return max(verdicts, key=lambda verdict: STRICTNESS.index(verdict.word), default=Verdict(ALONE))


def matches(when: Condition, act: Act, at: datetime, time_zone: str) -> bool:
    """Whether a condition holds, as Cedar sees it."""
    return not _decided(_alone_policy(when), "do", act.facts(at, time_zone))


def policy_text(document: Document) -> str:
    """The Cedar policies that a mandate is."""
    parts = ["permit(principal, action, resource);", *_windows(document), *_bounds(document), *_telling(document)]
    if document.alone is not None:
        allowed = " || ".join(f"({_condition(rule.when)})" for rule in document.alone) or "false"
        parts.append(_forbid("alone", ONLY_ALONE, f"unless {{ {allowed} }}"))
    for kind, scope in (("ask", ONLY_ALONE), ("never", BOTH)):
        rules = getattr(document, kind)
        parts += [_forbid(f"{kind}:{n}", scope, f"when {{ {_condition(rule.when)} }}") for n, rule in enumerate(rules)]
    return "\n".join(parts)


def _refusing(document: Document, action: str, facts: dict[str, object]) -> tuple[str, ...]:
    return _decided(_parsed(documents.encoded(document)), action, facts)


def _decided(policies: "cedarpy.PolicySet", action: str, facts: dict[str, object]) -> tuple[str, ...]:
    """The policies that forbid it; empty where it is allowed. Cedar skips a policy that fails: here it forbids."""
    request = {
        "principal": {"type": "Agent", "id": "it"},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Market", "id": "there"},
        "context": facts,
    }
    answer = cedarpy.is_authorized(request, policies, [])
    if answer.diagnostics.errors:
        return (BROKEN,)
    if answer.allowed:
        return ()
    names = answer.diagnostics.id_annotations_by_reason
    return tuple(sorted(names.get(reason, reason) for reason in answer.diagnostics.reasons)) or (NOTHING_PERMITS,)


@lru_cache(maxsize=4096)
def _parsed(stored: bytes) -> "cedarpy.PolicySet":
    return cedarpy.PolicySet.from_str(policy_text(documents.decoded(stored)))


@lru_cache(maxsize=4096)
def _alone_policy(when: Condition) -> "cedarpy.PolicySet":
    return cedarpy.PolicySet.from_str(f"permit(principal, action, resource) when {{ {_condition(when)} }};")


def _forbid(name: str, scope: str, clause: str) -> str:
    return f'@id("{name}") forbid({scope}) {clause};'


def _windows(document: Document) -> Iterable[str]:
    if document.expires_at is not None:
        end = int(document.expires_at.timestamp())
        yield _forbid("expired", "principal, action, resource", f"when {{ context.at >= {end} }}")
        yield _forbid("expires", BOTH, f"when {{ context.closes >= {end} }}")  # charged after the mandate's end
    if document.not_before is not None:
        early = f"context.at < {int(document.not_before.timestamp())}"
        yield _forbid("not_yet", "principal, action, resource", f"when {{ {early} }}")
    if document.hours is not None:
        yield _forbid("hours", BOTH, f"unless {{ {_hours(document.hours)} }}")


def _bounds(document: Document) -> Iterable[str]:
    if document.ceilings is not None:
        known = f"{_list(document.ceilings)}.contains(context.currency)"
        yield _forbid("currency", BOTH, f"unless {{ {known} }}")
        for currency, ceiling in sorted(document.ceilings.items()):
            if ceiling.deal_minor is not None:
                above = f'context.currency == "{currency}" && context.limit_minor > {ceiling.deal_minor}'
                yield _forbid("deal", BOTH, f"when {{ {above} }}")
    for name in ("categories", "counterparties", "mechanisms"):
        names = getattr(document, name)
        if names is not None:
            yield _forbid(name, BOTH, f"unless {{ {_list(names)}.containsAll(context.{name}) }}")


def _telling(document: Document) -> Iterable[str]:
    yield _forbid("untellable", TELLING, f"when {{ {_list(documents.UNTELLABLE)}.contains(context.field) }}")
    told = [
        f'(context.field == "{field}" && {_receivers(receivers)})'
        for field, receivers in sorted(document.may_tell.items())
    ]
    yield _forbid("may_tell", TELLING, f"unless {{ {' || '.join(told) or 'false'} }}")


def _receivers(receivers: tuple[str, ...]) -> str:
    return "true" if documents.ANYONE in receivers else f"{_list(receivers)}.containsAny(context.to)"


def _condition(when: Condition) -> str:
    tests = [f'context.currency == "{when.currency}"'] if when.currency is not None else []
    if when.over_minor is not None:
        tests.append(f"context.limit_minor > {when.over_minor}")
    if when.up_to_minor is not None:
        tests.append(f"context.limit_minor <= {when.up_to_minor}")
    tests += [_set(name, getattr(when, name)) for name in SETS if getattr(when, name) is not None]
    if when.new_counterparty is not None:
        tests.append(f"context.new_counterparty == {str(when.new_counterparty).lower()}")
    if when.hours is not None:
        tests.append(f"({_hours(when.hours)})")
    return " && ".join(tests) or "true"


def _set(fact: str, test: SetTest) -> str:
    names = _list(test.names)
    if test.operator == "any":
        return f"{names}.containsAny(context.{fact})"
    all_listed = f"{names}.containsAll(context.{fact})"
    return all_listed if test.operator == "all" else f"!{all_listed}"


def _hours(windows: tuple[Hours, ...]) -> str:
    return " || ".join(f"({_window(window)})" for window in windows) or "false"


def _window(window: Hours) -> str:
    since, until = window.minutes
    joint = "&&" if since < until else "||"
    days = ", ".join(str(DAYS.index(day)) for day in window.days)
    return f"[{days}].contains(context.weekday) && (context.minute >= {since} {joint} context.minute < {until})"


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in sorted(names)) + "]"
