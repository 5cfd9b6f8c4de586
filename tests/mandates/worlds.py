"""Random mandates and acts over a small world, and what a mandate means in plain Python: the oracle beside Cedar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from marketplace.mandates.acts import Act
from marketplace.mandates.documents import (
    DAYS,
    SETS,
    Ceiling,
    Condition,
    Document,
    Hours,
    Rule,
    SetTest,
)

ZONE = "Europe/Amsterdam"
NAMES = ("a", "b", "c")  # rules name these; acts also have d, which no rule knows
WORLD = (*NAMES, "d")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
AMOUNTS = (0, 10, 20, 30)
CLOCKS = ("00:00", "08:00", "22:00", "24:00")

names = st.sets(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda found: tuple(sorted(found)))
tests = st.builds(lambda how, listed: SetTest(**{how: listed}), st.sampled_from(("any", "all", "other_than")), names)
windows = st.builds(
    lambda ends, days: Hours(since=ends[0], until=ends[1], days=tuple(sorted(days, key=DAYS.index))),
    st.permutations(CLOCKS),
    st.sets(st.sampled_from(DAYS), min_size=1),
)
hours = st.lists(windows, min_size=1, max_size=2).map(tuple)


@st.composite
def conditions(draw):
    """A condition of few tests; an amount has its currency."""
    stated = {}
    if draw(st.booleans()):
        stated["currency"] = draw(st.sampled_from(("EUR", "USD")))
        stated |= {
            name: draw(st.sampled_from(AMOUNTS)) for name in ("over_minor", "up_to_minor") if draw(st.booleans())
        }
    for name in SETS:
        if draw(st.integers(0, 3)) == 0:
            stated[name] = draw(tests)
    if draw(st.integers(0, 4)) == 0:
        stated["new_counterparty"] = draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        stated["hours"] = draw(hours)
    return Condition(**stated)


rules = st.lists(conditions().map(lambda when: Rule(when=when)), max_size=2).map(tuple)
bounds = st.none() | st.sampled_from(AMOUNTS)
ceilings = st.builds(Ceiling, bounds, bounds, bounds, bounds)
instants = st.none() | st.sampled_from([MONDAY + timedelta(days=n) for n in (0, 3, 7)])
documents = st.builds(
    Document,
    ceilings=st.none() | st.dictionaries(st.sampled_from(("EUR", "USD")), ceilings),
    categories=st.none() | names,
    counterparties=st.none() | names,
    mechanisms=st.none() | names,
    hours=st.none() | hours,
    expires_at=instants,
    not_before=instants,
    alone=st.none() | rules,
    ask=rules,
    never=rules,
)


@st.composite
def acts(draw):
    """An act and the instant at which it is looked at."""
    limit = draw(st.sampled_from((0, 5, 10, 11, 20, 25, 30, 40)))
    act = Act(
        kind="join",
        market="mkt_x",
        title="",
        currency=draw(st.sampled_from(("EUR", "USD", "GBP"))),
        limit_minor=limit,
        more_minor=limit,
        mechanism=draw(st.sampled_from(WORLD)),
        disclosure=draw(st.sampled_from(WORLD)),
        closes_at=MONDAY + timedelta(days=draw(st.integers(0, 8))),
        categories=frozenset(draw(st.sets(st.sampled_from(WORLD), min_size=1))),
        counterparties=frozenset(draw(st.sets(st.sampled_from(WORLD), min_size=1))),
        new_counterparty=draw(st.booleans()),
    )
    return act, MONDAY + timedelta(minutes=draw(st.integers(-1500, 7 * 1440 + 1500)))


def holds(when: Condition, act: Act, at: datetime) -> bool:
    """Whether a condition holds, in plain Python."""
    amounts = (when.over_minor is None or act.limit_minor > when.over_minor) and (
        when.up_to_minor is None or act.limit_minor <= when.up_to_minor
    )
    facts = {
        "categories": act.categories,
        "counterparties": act.counterparties,
        "mechanisms": {act.mechanism},
        "disclosures": {act.disclosure},
    }
    return (
        when.currency in (None, act.currency)
        and amounts
        and when.new_counterparty in (None, act.new_counterparty)
        and all(getattr(when, name) is None or passes(getattr(when, name), facts[name]) for name in SETS)
        and (when.hours is None or within(when.hours, at))
    )


def passes(test: SetTest, found: set) -> bool:
    """A test of names."""
    if test.any is not None:
        return bool(found & set(test.any))
    return found <= set(test.all) if test.all is not None else not found <= set(test.other_than)


def within(parts: tuple[Hours, ...], at: datetime) -> bool:
    """Whether an instant is in one of the parts of the week, in the principal's zone."""
    local = at.astimezone(ZoneInfo(ZONE))
    clock = f"{local.hour:02}:{local.minute:02}"
    return any(
        DAYS[local.weekday()] in part.days
        and (part.since <= clock < part.until if part.since < part.until else clock >= part.since or clock < part.until)
        for part in parts
    )


def decided(document: Document, act: Act, at: datetime) -> str:
    """alone, ask or never, in plain Python."""
    refused = (
        (document.expires_at and max(at, act.closes_at) >= document.expires_at)
        or (document.not_before and at < document.not_before)
        or (document.hours and not within(document.hours, at))
        or (document.ceilings is not None and act.currency not in document.ceilings)
        or (document.categories is not None and not act.categories <= set(document.categories))
        or (document.counterparties is not None and not act.counterparties <= set(document.counterparties))
        or (document.mechanisms is not None and act.mechanism not in document.mechanisms)
        or any(holds(rule.when, act, at) for rule in document.never)
    )
    ceiling = (document.ceilings or {}).get(act.currency)
    if refused or (ceiling and ceiling.deal_minor is not None and act.limit_minor > ceiling.deal_minor):
        return "never"
    allowed = document.alone is None or any(holds(rule.when, act, at) for rule in document.alone)
    return "alone" if allowed and not any(holds(rule.when, act, at) for rule in document.ask) else "ask"
