"""The chart: every step where the numbers say, in whole numbers, and nothing drawn that did not happen."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.doors.pages.charts import curve, draw, path
from marketplace.doors.pages.scales import GRID, Scale, money_ticks, percent, price_scale, quantity_ticks

DEMAND = [[1, 900], [3, 700], [6, 400]]
SUPPLY = [[2, 300], [4, 500], [7, 800]]
EUR = {"exponent": 2, "currency": "EUR"}


def walked(text: str) -> list[tuple[int, int]]:
    """The corners that a path visits."""
    x, y, *rest = re.findall(r"[hv]?-?\d+", text.replace("M", "").replace("z", ""))
    corners = [(int(x), int(y))]
    for move in rest:
        x0, y0 = corners[-1]
        corners.append((x0 + int(move[1:]), y0) if move[0] == "h" else (x0, y0 + int(move[1:])))
    return corners


def test_a_curve_turns_where_its_steps_are() -> None:
    x, y = Scale(0, 10), Scale(0, 1000)
    assert curve(DEMAND, x, y, end=GRID) == [
        (0, 1000),
        (1000, 1000),
        (1000, 3000),
        (3000, 3000),
        (3000, 6000),
        (6000, 6000),
        (6000, GRID),  # past the last bid nothing is wanted
    ]
    assert walked(path(curve(SUPPLY, x, y, end=0)))[-1] == (7000, 0)  # past the last offer nothing is to be had


def test_the_price_line_stands_at_the_price_and_the_quantity_at_what_traded() -> None:
    chart = draw(DEMAND, SUPPLY, price=500, traded=3, **EUR)
    highest = price_scale([one[1] for one in (*DEMAND, *SUPPLY)], 500).high
    assert chart is not None
    assert chart.mark is not None
    assert chart.mark.y == percent(GRID - round(GRID * 500 / highest))
    assert (chart.mark.price, chart.mark.quantity) == ("5.00 EUR", "3 traded")
    level = GRID - round(GRID * 500 / highest)
    for area in (chart.buyers_gain, chart.sellers_gain):  # both lie against the price line, up to what traded
        assert [y for _, y in walked(area)[-2:]] == [level, level]
        assert f"{max(x for x, _ in walked(area)) / 100:g}%" == chart.mark.x


def test_without_a_trade_there_is_no_price_and_no_gain() -> None:
    chart = draw([[3, 400]], [[2, 500]], price=None, traded=0, **EUR)
    assert chart is not None
    assert (chart.mark, chart.buyers_gain, chart.sellers_gain) == (None, "", "")
    assert chart.demand
    assert chart.supply


def test_nothing_wanted_and_nothing_offered_is_no_chart() -> None:
    assert draw([], [], price=None, traded=0, **EUR) is None
    one_sided = draw([], [[1, 0]], price=None, traded=0, **EUR)
    assert one_sided is not None
    assert one_sided.demand == ""


def test_a_step_far_beyond_the_trade_is_drawn_at_the_edge_and_said() -> None:
    chart = draw([[1, 10**12], [2, 700]], [[10**9, 500]], price=500, traded=2, **EUR)
    assert chart is not None
    assert chart.clipped
    assert all(0 <= n <= GRID for text in (chart.demand, chart.supply) for corner in walked(text) for n in corner)
    ordinary = draw(DEMAND, SUPPLY, price=500, traded=3, **EUR)
    assert ordinary is not None
    assert not ordinary.clipped


steps = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=60)


@given(steps)
def test_a_path_is_exactly_the_rounded_curve(orders: list[tuple[int, int]]) -> None:
    points, total = [], 0
    for price in sorted({price for _, price in orders}, reverse=True):
        total += sum(quantity for quantity, at in orders if at == price)
        points.append([total, price])
    x, y = Scale(0, total), price_scale([price for _, price in points], None)
    corners = walked(path(curve(points, x, y, end=GRID)))
    assert corners[0] == (0, GRID - y.at(points[0][1]))
    assert corners[-1][1] == GRID
    visited = set(corners)
    for (reached, price), (_, lower) in pairwise(points):
        if y.at(price) != y.at(lower) and len({x.at(q) for q, _ in points} | {0}) == len(points) + 1:
            assert (x.at(reached), GRID - y.at(price)) in visited


def test_twelve_hundred_orders_stay_a_small_picture() -> None:
    demand = [[n * 7, 50_000 - n * 31] for n in range(1, 1242)]
    supply = [[n * 5, 100 + n * 37] for n in range(1, 1242)]
    chart = draw(demand, supply, price=20_000, traded=2_000, **EUR)
    assert chart is not None
    assert len(chart.demand) + len(chart.supply) < 30_000


def test_ticks_are_round_and_say_no_more_than_they_must() -> None:
    assert [tick.label for tick in money_ticks(Scale(0, 3000), 2, "EUR")] == ["0", "10", "20", "30"]
    assert [tick.label for tick in money_ticks(Scale(400, 500), 2, "EUR")][:2] == ["4.00", "4.20"]
    assert [tick.label for tick in money_ticks(Scale(0, 100), 3, "EUR")][1] == "0.02"
    assert [tick.label for tick in money_ticks(Scale(0, 3000), 0, "JPY")][1] == "1,000"
    assert [tick.label for tick in quantity_ticks(Scale(0, 600_000))] == ["0", "200k", "400k", "600k"]
    assert [tick.label for tick in quantity_ticks(Scale(0, 1))] == ["0", "1"]
