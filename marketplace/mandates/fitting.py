"""From what is known of a person to rules of a mandate, with the cases that each rule decides and contradicts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from marketplace.mandates.documents import Condition, Document, Hours, Rule, SetTest
from marketplace.mandates.learning import CELLS, SCALE, STEPS, Belief, Facts, Told
from marketplace.mandates.narrowing import implies
from marketplace.mandates.policies import ALONE, NEVER

NIGHT, DAY = Hours("22:00", "07:00"), Hours("07:00", "22:00")
SURE = {ALONE: 0.92, NEVER: 0.92}  # how sure a rule must be, at its edge
Edges = tuple[int, int, int, int]  # one step of the scale for each cell; -1: no rule


@dataclass(frozen=True, slots=True)
class Support:
    """A rule with the cases that bear it out, and those that speak against it."""

    rule: Rule
    decides: list[int]
    contradicts: list[int]


def fitted(document: Document, told: Sequence[Told], currency: str) -> Document:
    """The mandate with its learned rules learned anew; what the person has stated stays as it is, and goes first."""
    belief = Belief(told, [])
    stated = {kind: tuple(r for r in getattr(document, kind) or () if not r.learned) for kind in ("alone", "never")}
    asked = [rule.when for rule in document.ask]
    forbidden = [rule.when for rule in stated[NEVER]]
    never = _left(_rules(belief, currency, NEVER), forbidden)
    never = [rule for rule in never if not any(implies(when, rule.when) for when in asked)]
    alone = _left(_rules(belief, currency, ALONE), [*forbidden, *asked, *(rule.when for rule in never)])
    return msgspec.structs.replace(document, alone=(*stated[ALONE], *alone), never=(*stated[NEVER], *never))


def supported(document: Document, told: Sequence[Told]) -> list[Support]:
    """Each learned rule with the cases, by number, that it decides as the person did, and otherwise."""
    learned = [(kind, rule) for kind in (ALONE, NEVER) for rule in getattr(document, kind) or () if rule.learned]
    return [_support(kind, rule, told) for kind, rule in learned]


def _support(kind: str, rule: Rule, told: Sequence[Told]) -> Support:
    met = [(n, case) for n, case in enumerate(told) if _meets(rule.when, case.facts)]
    return Support(rule, [n for n, case in met if case.answer == kind], [n for n, case in met if case.answer != kind])


def _meets(when: Condition, facts: Facts) -> bool:
    """Whether a learned rule, of the few forms that there are, applies to facts."""
    return (
        (when.categories is None or facts.category in when.categories.names)
        and (when.up_to_minor is None or facts.amount_minor <= when.up_to_minor)
        and (when.over_minor is None or facts.amount_minor > when.over_minor)
        and when.new_counterparty in (None, facts.stranger)
        and when.hours in (None, (NIGHT,) if facts.night else (DAY,))
    )


def _rules(belief: Belief, currency: str, kind: str) -> list[Rule]:
    """Categories with the same edges share their rules."""
    alike: dict[Edges, list[str]] = defaultdict(list)
    for category in belief.categories:
        alike[_edges(belief, category, kind)].append(category)
    return [
        Rule(when=_condition(kind, currency, edge, categories, stranger, night), learned=True)
        for edges, categories in sorted(alike.items())
        for edge, stranger, night in _merged(edges)
    ]


def _edges(belief: Belief, category: str, kind: str) -> Edges:
    """For each cell the last step from below that passes surely, or the last below what is surely forbidden."""
    chances = belief.table(category)[:, :, 0 if kind == ALONE else 2]
    runs = [_run(list(row if kind == ALONE else row[::-1]), SURE[kind]) for row in chances]
    found = [run if belief.spoken_of(*cell) else -1 for run, cell in zip(runs, CELLS, strict=True)]
    one, two, three, four = found if kind == ALONE else [max(0, STEPS - 2 - run) if run >= 0 else -1 for run in found]
    return one, two, three, four


def _run(chances: list[float], sure: float) -> int:
    """The index of the last of a run of sure ones from the start; -1 where the first is not."""
    return next((n for n, chance in enumerate(chances) if chance < sure), len(chances)) - 1


def _merged(edges: Edges) -> Iterator[tuple[int, bool | None, bool | None]]:
    """The cells as few rules: (edge, stranger or either, night or either)."""
    known_day, known_night, new_day, new_night = edges
    if known_day == new_day and known_night == new_night:
        yield from _both(known_day, known_night, None)
    else:
        yield from _both(known_day, known_night, False)
        yield from _both(new_day, new_night, True)


def _both(day: int, night: int, stranger: bool | None) -> Iterator[tuple[int, bool | None, bool | None]]:
    parts: list[tuple[int, bool | None]] = [(day, None)] if day == night else [(day, False), (night, True)]
    return ((edge, stranger, at_night) for edge, at_night in parts if edge >= 0)


def _condition(
    kind: str, currency: str, edge: int, categories: list[str], stranger: bool | None, night: bool | None
) -> Condition:
    amount = SCALE[edge]
    return Condition(
        currency=currency,
        up_to_minor=amount if kind == ALONE else None,
        over_minor=amount if kind == NEVER else None,
        categories=SetTest(all=tuple(categories)),
        new_counterparty=stranger,
        hours=None if night is None else (NIGHT,) if night else (DAY,),
    )


def _left(rules: Sequence[Rule], stronger: Sequence[Condition]) -> list[Rule]:
    """Rules of which something stronger leaves anything."""
    return [rule for rule in rules if not any(implies(rule.when, when) for when in stronger)]
