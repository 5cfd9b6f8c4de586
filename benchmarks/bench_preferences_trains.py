"""How much of the gains 235 real travellers get by VCG, first come first served, and the best posted price.

Welfare by what they stated, over 30 draws of trains with 32 seats each. First come, first served: seats at the
railways' reserve, travellers in a random order, each takes what it likes best of what is left. Posted price: the same
at one price for every seat, the best of 40 in hindsight. Peer of both is VCG's welfare, the greatest there is.
"""

from __future__ import annotations

import random
import statistics
import sys
import time

from measuring_mechanisms import heading

import mechanisms
from marketplace.demo.first_come import first_come_welfare
from marketplace.demo.trains import everybody, market, trains
from mechanisms.check import verify
from mechanisms.types import Problem

DRAWS, TRAINS, ORDERS, PRICES = 30, 5, 20, 40


def shares(problem: Problem, draw: random.Random) -> tuple[float, float, float]:
    """Of the greatest welfare: what VCG, first come first served and the best posted price reach."""
    outcome = mechanisms.run("vcg", problem)
    assert outcome.status == "cleared"
    assert verify(problem, outcome) == []
    names = sorted(bid.agent for bid in problem.bids)
    orders = [draw.sample(names, len(names)) for _ in range(ORDERS)]

    def served(price: int) -> float:
        return statistics.fmean(first_come_welfare(problem, order, price) for order in orders)

    top = max(atom.value for bid in problem.bids for atom in bid.atoms or ())
    best = max(served(price) for price in range(0, top, max(1, top // PRICES)))
    return 1.0, served(0) / outcome.welfare, best / outcome.welfare


def interval(values: list[float]) -> str:
    """Mean and its 95 % interval by the normal law over the draws."""
    half = 1.96 * statistics.stdev(values) / len(values) ** 0.5
    mean = statistics.fmean(values)
    return f"{100 * mean:6.1f} %   {100 * (mean - half):.1f} to {100 * (mean + half):.1f} %"


def main(draws: int) -> int:
    """Print the table of docs/preferences.md."""
    heading(f"235 travellers, {TRAINS} trains of 32 seats, {draws} draws")
    draw, people, started = random.Random(11), everybody(), time.perf_counter()
    found = [shares(market(people, trains(draw, TRAINS)), draw) for _ in range(draws)]
    for name, values in zip(("VCG", "best posted price", "first come, first served"), (0, 2, 1), strict=True):
        sys.stdout.write(f"{name:26} {interval([row[values] for row in found])}\n")
    sys.stdout.write(f"{(time.perf_counter() - started) / draws:.1f} s a draw\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS))
