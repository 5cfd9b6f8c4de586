"""Rules from cases: what is learned is said as rules, with the cases; what was stated is never learned away."""

from marketplace.mandates import documents
from marketplace.mandates.documents import CONSERVATIVE, Condition, Document, Rule, SetTest
from marketplace.mandates.fitting import NIGHT, fitted, supported
from marketplace.mandates.interview import pool
from marketplace.mandates.learning import SCALE, Belief, Facts, Told, most_telling
from marketplace.mandates.narrowing import contradictions
from marketplace.mandates.words import sentences

BOOK, TRAIN = "book/1", "rail-ticket/1"


def said(answer: str, *amounts: int, category: str = BOOK, stranger: bool = False) -> list[Told]:
    return [Told(Facts(category, amount, stranger, False), answer) for amount in amounts]


PLAIN = [
    *said("alone", 1000, 2000, 5000, 5000),
    *said("ask", 10000, 10000),
    *said("never", 50000, 75000, 100000),
    *said("ask", 2000, 2000, 1000, stranger=True),
]


def test_what_was_said_again_and_again_becomes_a_rule():
    document = fitted(CONSERVATIVE, PLAIN, "EUR")
    assert all(rule.learned for rule in (*document.alone, *document.never))
    told = sentences(document)
    (alone,) = [line for line in told if line.startswith("Act alone")]
    assert alone.startswith("Act alone up to 50.00 EUR, for “book” only, from a seller I know")
    assert contradictions(document) == []


def test_the_cases_behind_a_rule_are_named():
    odd = said("never", 1000)
    document = fitted(CONSERVATIVE, [*PLAIN, *odd], "EUR")
    supports = supported(document, [*PLAIN, *odd])
    alone = next(support for support in supports if support.rule in document.alone)
    assert {0, 1} <= set(alone.decides)
    assert len(PLAIN) in alone.contradicts


def test_what_is_not_known_is_asked():
    assert fitted(CONSERVATIVE, [], "EUR") == CONSERVATIVE
    document = fitted(CONSERVATIVE, PLAIN, "EUR")
    assert not any(TRAIN in rule.when.categories.names for rule in document.alone)


def test_stated_rules_are_never_learned_away():
    hard = Rule(when=Condition(categories=SetTest(any=(BOOK,))), name="no books")
    asked = Rule(when=Condition(currency="EUR", over_minor=500), name="always")
    for stated in (Document(alone=(), never=(hard,)), Document(alone=(), ask=(asked,))):
        again = fitted(fitted(stated, PLAIN, "EUR"), PLAIN, "EUR")
        assert (again.ask, again.never[: len(stated.never)]) == (stated.ask, stated.never)
        assert contradictions(again) == []
        assert documents.read(documents.plain(again)) == again


def test_learning_anew_replaces_what_was_learned():
    once = fitted(CONSERVATIVE, PLAIN, "EUR")
    assert fitted(once, PLAIN, "EUR") == once
    assert fitted(once, [], "EUR") == CONSERVATIVE


def test_one_slip_in_twenty_changes_no_rule_at_the_top():
    slip = said("alone", 100000)
    document = fitted(CONSERVATIVE, [*PLAIN, *PLAIN, *slip], "EUR")
    assert all((rule.when.up_to_minor or 0) < 40000 for rule in document.alone)


def test_the_interview_asks_what_tells_most():
    acts = pool((BOOK, TRAIN))
    first = most_telling([], acts)
    told = said("alone", *SCALE[4:12]) + said("never", *SCALE[16:21])
    belief = Belief(told, (BOOK, TRAIN))
    assert belief.doubt(Facts(BOOK, SCALE[6], False, False)) < belief.doubt(Facts(TRAIN, SCALE[13], True, False))
    assert most_telling([Told(first, "ask")], acts) != first


def test_one_answer_about_a_night_decides_no_night():
    late = [Told(Facts(BOOK, 500, False, True), "never")]
    once = fitted(CONSERVATIVE, [*PLAIN, *late], "EUR")
    assert not any(meets_a_night(rule.when) for rule in (*once.alone, *once.never))
    twice = fitted(CONSERVATIVE, [*PLAIN, *late, *late], "EUR")
    assert any(meets_a_night(rule.when) for rule in twice.never)


def meets_a_night(when: Condition) -> bool:
    return when.hours is None or NIGHT in when.hours


def test_an_amount_between_two_steps_tells_of_the_steps_on_either_side():
    between, step = said("alone", 6900), said("alone", 7500)
    near, far = (Belief(told, (BOOK,)).chances(Facts(BOOK, 7500, False, False))[0] for told in (between, step))
    below = Belief(said("alone", 6000), (BOOK,)).chances(Facts(BOOK, 7500, False, False))[0]
    assert below < near < far
