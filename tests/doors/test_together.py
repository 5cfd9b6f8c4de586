"""Questions that many have at once: asked together, and what a process keeps of the answers."""

import asyncio
from collections.abc import Mapping

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.together import Together
from marketplace.markets import terms
from marketplace.markets.terms import all_terms, known_terms, terms_of
from tests.factories import open_a_market


def test_who_asks_at_once_asks_together_and_each_hears_its_own() -> None:
    asked: list[list[str]] = []

    async def ask(names: list[str]) -> Mapping[str, str | Refusal]:
        asked.append(names)
        await asyncio.sleep(0)
        if "poison" in names:
            raise RuntimeError("one of them cannot be read")
        return {name: not_found("thing", name) if name == "nothing" else name.upper() for name in names}

    together: Together[str] = Together(ask)

    async def all_of(*names: str) -> list[object]:
        return list(await asyncio.gather(*map(together.find, names), return_exceptions=True))

    one, two, nothing, again = asyncio.run(all_of("one", "two", "nothing", "one"))
    assert (one, two, again, asked) == ("ONE", "TWO", "ONE", [["one", "two", "nothing"]])
    assert isinstance(nothing, Refusal)
    assert nothing.status == 404
    good, bad = asyncio.run(all_of("good", "poison"))  # in another event loop
    assert good == "GOOD"
    assert isinstance(bad, RuntimeError)


@pytest.mark.django_db
def test_the_terms_of_many_markets_are_read_together_and_the_oldest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refs = [open_a_market().ref for _ in range(4)]
    terms.forget_all()
    with CaptureQueriesContext(connection) as of_four:
        found = all_terms([*refs, "mkt_nobody"])
    assert list(found) == refs
    terms.forget_all()
    with CaptureQueriesContext(connection) as of_one:
        assert terms_of(refs[0]) == found[refs[0]]
    assert len(of_four) == len(of_one)
    with CaptureQueriesContext(connection) as of_known:
        assert terms_of(refs[0]) is known_terms(refs[0])
    assert not of_known
    monkeypatch.setattr(terms, "KEPT", 3)
    all_terms(refs)
    assert [known_terms(ref) is not None for ref in refs] == [False, True, True, True]
