"""Problems in the manner of CATS (Leyton-Brown, Pearson and Shoham 2000), drawn anew from a seed: our own generator.

`regions` and `arbitrary` follow the paper's third section (goods on a grid, or with random closeness; each bidder adds
up to five substitutable bids, XOR); `paths` its first (trips over a planar graph, up to five routes each, XOR). Values
are integers of 1/1000.
"""

from __future__ import annotations

import heapq
from itertools import pairwise
from math import isqrt
from random import Random
from typing import Any

KINDS = ("paths", "regions", "arbitrary")
UNITS = 1000
MOST_SUBSTITUTES = 5


def cats_like(kind: str, goods: int, bids: int, seed: int, mechanism: str = "vcg") -> dict[str, Any]:
    """A problem document with about that many atoms over at most that many lots."""
    rng = Random(f"{kind} {goods} {bids} {seed}")
    bidders = _paths(goods, bids, rng) if kind == "paths" else _located(kind, goods, bids, rng)
    used = sorted({good for atoms in bidders for bundle, _ in atoms for good in bundle})
    return {
        "mechanism": mechanism,
        "currency": "USD",
        "exponent": 3,
        "lots": [{"id": f"g{good:03}", "seller": "s"} for good in used],
        "bids": [
            {
                "agent": f"b{i:04}",
                "atoms": [{"bundle": {f"g{g:03}": 1 for g in sorted(b)}, "value": v} for b, v in atoms],
            }
            for i, atoms in enumerate(bidders)
        ],
    }


def _located(kind: str, goods: int, bids: int, rng: Random) -> list[list[tuple[frozenset, int]]]:
    close = _grid(goods, rng) if kind == "regions" else _random_closeness(goods, rng)
    common = [rng.uniform(1, 100) for _ in range(goods)]
    bidders: list[list[tuple[frozenset, int]]] = []
    while sum(map(len, bidders)) < bids:
        atoms = _bidder(close, common, rng)[: bids - sum(map(len, bidders))]
        if atoms:
            bidders.append(atoms)
    return bidders


def _grid(goods: int, rng: Random) -> list[dict[int, float]]:
    """Neighbours on a grid: a tenth of the straight edges removed, a fifth of the diagonals added."""
    side = isqrt(goods - 1) + 1
    close: list[dict[int, float]] = [{} for _ in range(goods)]
    for good in range(goods):
        row, column = divmod(good, side)
        for down, right, chance in ((0, 1, 0.9), (1, 0, 0.9), (1, 1, 0.2), (1, -1, 0.2)):
            other = (row + down) * side + column + right
            if 0 <= column + right < side and other < goods and rng.random() < chance:
                close[good][other] = close[other][good] = 1.0
    return close


def _random_closeness(goods: int, rng: Random) -> list[dict[int, float]]:
    close: list[dict[int, float]] = [{} for _ in range(goods)]
    for good in range(goods):
        for other in range(good):
            close[good][other] = close[other][good] = rng.random()
    return close


def _bidder(close: list[dict[int, float]], common: list[float], rng: Random) -> list[tuple[frozenset, int]]:
    """A first bundle grown from a good it likes, then substitutes around the same goods within its budget."""
    goods = range(len(common))
    own = [rng.uniform(-0.5, 0.5) * 2 * c for c in common]
    liking = [(p + c) / (2 * c) for p, c in zip(own, common, strict=True)]

    def worth(bundle: frozenset) -> float:
        return sum(common[g] + own[g] for g in bundle) + len(bundle) ** 1.2

    def resale(bundle: frozenset) -> float:
        return sum(common[g] for g in bundle)

    first = _grow({_pick(goods, liking, rng)}, close, liking, rng, None)
    if worth(first) < 0:
        return []
    found = {first: worth(first)}
    budget, least = 1.5 * worth(first), 0.5 * resale(first)
    others = []
    for good in sorted(first):
        bundle = _grow({good}, close, liking, rng, len(first))
        if bundle != first and 0 <= worth(bundle) <= budget and resale(bundle) >= least:
            others.append((worth(bundle), sorted(bundle)))
    for value, bundle in sorted(others, reverse=True)[:MOST_SUBSTITUTES]:
        found[frozenset(bundle)] = value
    return [(bundle, round(value * UNITS)) for bundle, value in found.items()]


def _grow(
    bundle: set[int], close: list[dict[int, float]], liking: list[float], rng: Random, size: int | None
) -> frozenset:
    """Add goods near the bundle while the coin says so, or up to a size; one in twenty is anywhere."""
    while (rng.random() < 0.9) if size is None else (len(bundle) < size):
        if len(bundle) == len(close):
            break
        near = {other for good in bundle for other in close[good]} - bundle
        if rng.random() < 0.05 or not near:
            bundle.add(rng.choice([good for good in range(len(close)) if good not in bundle]))
            continue
        ordered = sorted(near)
        weights = [liking[o] * sum(close[g].get(o, 0.0) for g in bundle) for o in ordered]
        bundle.add(_pick(ordered, weights, rng))
    return frozenset(bundle)


def _pick(choices: Any, weights: list[float], rng: Random) -> int:
    return rng.choices(list(choices), [max(w, 1e-9) for w in weights])[0]


def _paths(goods: int, bids: int, rng: Random) -> list[list[tuple[frozenset, int]]]:
    """Cities in the unit square; a bidder wants any of the five best routes that cost it less than it would pay."""
    cities, edges = _road_map(goods, rng)
    number = {edge: index for index, edge in enumerate(sorted(edges))}
    bidders: list[list[tuple[frozenset, int]]] = []
    while sum(map(len, bidders)) < bids:
        start, end = rng.sample(range(len(cities)), 2)
        limit = rng.uniform(1, 1.5) * _apart(cities[start], cities[end])
        routes = _routes(cities, edges, start, end, limit)[:MOST_SUBSTITUTES]
        atoms = [
            (frozenset(number[min(a, b), max(a, b)] for a, b in pairwise(route)), round((limit - cost) * 100 * UNITS))
            for cost, route in routes
        ]
        if atoms:
            bidders.append(atoms[: bids - sum(map(len, bidders))])
    return bidders


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return ((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5


def _road_map(goods: int, rng: Random) -> tuple[list[tuple[float, float]], set[tuple[int, int]]]:
    """Each city is joined to its nearest two, then roads are built along cheap trips until there are enough."""
    count = max(3, round(goods / 2.3))
    cities = [(rng.random(), rng.random()) for _ in range(count)]
    edges: set[tuple[int, int]] = set()
    for city in range(count):
        near = sorted((other for other in range(count) if other != city), key=lambda o: _apart(cities[city], cities[o]))
        edges |= {(min(city, other), max(city, other)) for other in near[:2]}
    penalty = 1.7
    while len(edges) < min(goods, count * (count - 1) // 2):
        start, end = rng.sample(range(count), 2)
        trip = _cheapest_with_building(cities, edges, start, end, penalty)
        new = {(min(a, b), max(a, b)) for a, b in pairwise(trip)} - edges
        edges |= new
        penalty *= 1.0 if new else 0.98  # where all trips are cheap enough by the roads there are, build more readily
    return cities, set(sorted(edges)[:goods]) if len(edges) > goods else edges


def _cheapest_with_building(cities: list, edges: set, start: int, end: int, penalty: float) -> list[int]:
    queue: list[tuple[float, list[int]]] = [(0.0, [start])]
    done: set[int] = set()
    while queue:
        cost, trip = heapq.heappop(queue)
        here = trip[-1]
        if here == end:
            return trip
        if here in done:
            continue
        done.add(here)
        for there in range(len(cities)):
            if there not in done:
                built = (min(here, there), max(here, there)) in edges
                step = _apart(cities[here], cities[there]) * (1.0 if built else penalty)
                heapq.heappush(queue, (cost + step, [*trip, there]))
    raise AssertionError("every city can be reached")


def _routes(cities: list, edges: set, start: int, end: int, limit: float) -> list[tuple[float, list[int]]]:
    """All simple routes cheaper than the limit, the cheapest first; the beeline prunes."""
    near: dict[int, list[int]] = {}
    for a, b in sorted(edges):
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    found: list[tuple[float, list[int]]] = []
    stack = [(0.0, [start])]
    while stack:
        cost, trip = stack.pop()
        if trip[-1] == end:
            found.append((cost, trip))
            continue
        for there in near.get(trip[-1], ()):
            total = cost + _apart(cities[trip[-1]], cities[there])
            if there not in trip and total + _apart(cities[there], cities[end]) < limit:
                stack.append((total, [*trip, there]))
    return sorted(found)
