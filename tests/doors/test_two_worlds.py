"""Two worlds that differ in one sealed amount look the same to everybody before the close, byte for byte."""

import random

import pytest

from tests.doors.eyes import USUAL
from tests.doors.worlds import World
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
DOORS = ("rest", "socket", "mcp", "batch")
BATCH = 5
LEAST_ANSWERS, WIDE_ANSWERS = 200, 500


def compare(server: Server, pairs: int, seed: int, wide: int = 0) -> None:
    """So many pairs: one world, and five others with the same door and another amount of its size class.

    The first `wide` of them are looked at through every door, the others through those that are about markets and bids.
    """
    rng = random.Random(seed)
    for start in range(0, pairs, BATCH):
        door, far = DOORS[(seed + start // BATCH) % 4], start < wide
        usual = World(server, USUAL, door, far).seen()
        assert len(usual) >= (WIDE_ANSWERS if far else LEAST_ANSWERS)
        for _ in range(min(BATCH, pairs - start)):
            value = rng.randrange(1000, 10_000)
            other = World(server, value, door, far).seen()
            assert differences(usual, other) == [], value
            assert list(other) == list(usual)


def differences(usual: dict[str, str], other: dict[str, str]) -> list[tuple[str, str, str]]:
    """Where two worlds differ, with the first lines that do."""
    found = []
    for place, text in usual.items():
        pairs = zip(text.splitlines(), other.get(place, "").splitlines(), strict=False)
        if text != other.get(place):
            one, two = next(((a, b) for a, b in pairs if a != b), ("", "the length"))
            at = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
            found.append((place, one[max(0, at - 60) : at + 60], two[max(0, at - 60) : at + 60]))
    return found


def test_nobody_sees_which_of_two_amounts_was_bid(doors_only: Server) -> None:
    compare(doors_only, 20, seed=8)


def test_nobody_sees_it_through_any_door_at_all(doors_only: Server) -> None:
    compare(doors_only, 1, seed=9, wide=1)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(10))
def test_nobody_sees_which_of_two_amounts_was_bid_in_500_pairs(doors_only: Server, seed: int) -> None:
    compare(doors_only, 50, seed, wide=5)


def test_a_door_that_tells_is_found_out(doors_only: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: what would be told by one admin page is seen."""
    from marketplace.bidding.admin import ParticipationAdmin  # noqa: PLC0415 - sabotaged here alone

    worlds = []
    for value in (5000, 5001):
        monkeypatch.setattr(ParticipationAdmin, "get_empty_value_display", lambda self: "-")
        monkeypatch.setattr("marketplace.bidding.models.Participation.__str__", lambda self, told=value: f"{told}")
        worlds.append(World(doors_only, value, "rest", wide=False).seen())
    assert [place for place in worlds[0] if worlds[0][place] != worlds[1].get(place)] != []
