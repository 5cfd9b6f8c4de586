"""What answering first is worth: agents that bid 5 ms after a market opens, against agents that take 2 s.

The same private values are played twice at once with the speeds exchanged, through the running server, under every
sealed rule for one kind of good; the advantage is what the fast gain over what the slow gain, 1.0 where speed buys
nothing, with a bootstrap interval over the pairs. Beside it a first-come posted price, which this file plays by itself
on the same values and speeds. That the fast were first is read from the server's own acknowledgements.
`python benchmarks/bench_first_mover.py [--pairs N]`.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from measuring_mechanisms import heading
from serving import ROOT, Served, free_port

FAST, SLOW = 0.005, 2.0
OPEN_SECONDS = 34  # most of it goes into joining, all at once, on a machine that may be shared
OUTCOME_SECONDS = 120  # longest wait for an outcome after the last bid
BUYERS = 4
NOISE = 0.05
RESAMPLES, CONFIDENCE = 2000, 0.95
HIGH = 9_000  # the highest value, in cents; limits are 100.00 EUR
TWO_SIDED = ("double_auction", "trade_reduction", "vcg_exchange")
UNITS = {"trade_reduction": 2}  # it gives up the last trade: of one alone nobody would gain
RULES: dict[str, dict[str, Any]] = {
    **{rule: {} for rule in ("first_price", "second_price", "uniform_price", "multi_unit_vickrey", "pay_as_bid")},
    **{rule: {} for rule in ("vcg", "core_selecting", "walrasian", "double_auction", "trade_reduction")},
    "vcg_exchange": {"pricing": "threshold"},  # with Clarke prices its deficit would need somebody to pay it
    **{rule: {"clicks": [1]} for rule in ("gsp", "position_vcg")},
}


@dataclass(frozen=True)
class Person:
    """An agent with its key."""

    ref: str
    key: str


class Place:
    """A server with background work, and the agents that play on it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/api/v1/"
        settings = {
            "DATABASE_URL": f"sqlite:///{folder / 'walras.sqlite3'}",
            "WALRAS_SECRET_KEY": "benchmark-" + "0" * 50,
            "WALRAS_CLEARING_SECRET_FILE": str(folder / "clearing-secret"),
            "WALRAS_RATE_LIMIT": "0",
            "WALRAS_LOG_LEVEL": "ERROR",
            "STRIPE_SANDBOX_DATABASE": str(folder / "stripe.sqlite3"),
            "STRIPE_API_BASE": f"http://127.0.0.1:{(stripe := free_port())}",
        }
        manage = [sys.executable, "manage.py"]
        env = {**os.environ, **settings}
        for command in (["migrate", "-v0"], ["migrate", "-v0", "--database", "stripe_sandbox"]):
            subprocess.run([*manage, *command], cwd=ROOT, env=env, check=True)
        made = subprocess.run([*manage, "operator_key", "bench"], cwd=ROOT, env=env, check=True, capture_output=True)
        self.operator = made.stdout.decode().strip()
        self.stripe = Served([*manage, "stripe_sandbox", "--port", str(stripe)], stripe, settings)
        self.server = Served([*manage, "serve", "--port", str(port)], port, settings)
        self.http = httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False)

    async def post(self, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A POST that must be accepted."""
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": os.urandom(12).hex()}
        answer = await self.http.post(path, json=body, headers=headers)
        assert answer.is_success, (path, answer.text)
        said: dict[str, Any] = answer.json()
        return said

    async def onboard(self, key: str) -> None:
        """The payout account of the key's principal, its owner's form sent and approved."""
        opened = await self.post(key, "payout-accounts/", {})
        await self.http.post(opened["page"], data={"outcome": "approved"})
        await self.get(key, "payout-accounts/")

    async def get(self, key: str, path: str) -> httpx.Response:
        """A GET."""
        return await self.http.get(path, headers={"Authorization": f"Bearer {key}"})

    async def person(self, name: str) -> Person:
        """An agent with a card and a payout account."""
        made = await self.post(self.operator, "agents/", {"name": name, "principal": {"name": name}})
        await self.post(made["key"], "payment-methods/", {"payment_method": "pm_card_visa"})
        await self.onboard(made["key"])
        return Person(made["agent"], made["key"])


@dataclass(frozen=True)
class Game:
    """One market as it was played: who was quick, what each buyer gained by its value, when each bid was received."""

    quick: set[int]
    gains: list[int]
    at: list[float]

    def gain(self, quick: bool) -> int:
        """What the quick gained, or the slow."""
        return sum(gain for n, gain in enumerate(self.gains) if (n in self.quick) == quick)

    def lead(self) -> float:
        """Seconds from the last of the quick to the first of the slow."""
        slow = [at for n, at in enumerate(self.at) if n not in self.quick]
        return min(slow) - max(at for n, at in enumerate(self.at) if n in self.quick)


Pair = list[Game]


async def market(place: Place, rule: str, values: list[int], quick: set[int], people: list[Person]) -> Game:
    """Play one market."""
    two = rule in TWO_SIDED
    lot = {"id": "it"} | ({} if two else {"seller": people[-1].ref, "reserve": 1000})
    stated = {"title": rule, "mechanism": rule, "params": RULES[rule], "currency": "EUR", "lots": [lot]}
    made = await place.post(place.operator, "markets/", stated | {"closes_in_s": OPEN_SECONDS})
    path = f"markets/{made['id']}/"
    await asyncio.gather(*(join(place, person, path) for person in people[: BUYERS + two]))
    if two:
        await bid(place, people[-1], path, offer(rule), FAST)
    bids = [stake(rule, value) for value in values]
    acts = [bid(place, people[n], path, body, FAST if n in quick else SLOW) for n, body in enumerate(bids)]
    at = await asyncio.gather(*acts)
    await cleared(place, path)
    mine = [(await place.get(person.key, path + "outcome/")).json()["mine"] for person in people[:BUYERS]]
    gains = [value - part["payment"] if part["won"] else 0 for value, part in zip(values, mine, strict=True)]
    return Game(quick, gains, at)


def offer(rule: str) -> dict[str, Any]:
    """What the seller asks where there are two sides."""
    if rule == "vcg_exchange":
        return {"atoms": [{"bundle": {"it": -1}, "value": -1000}]}
    return {"steps": [{"lot": "it", "quantity": -UNITS.get(rule, 1), "price": 1000}]}


def stake(rule: str, value: int) -> dict[str, Any]:
    """A buyer's bid: its value, less a quarter where the winner pays what it bid."""
    price = value * 3 // 4 if rule in ("first_price", "pay_as_bid") else value
    if "clicks" in RULES[rule] or rule in ("double_auction", "trade_reduction"):
        return {"steps": [{"lot": "it", "quantity": 1, "price": price}]}
    return {"atoms": [{"bundle": {"it": 1}, "value": price}]}


async def cleared(place: Place, path: str) -> None:
    """Wait for the outcome; a round that failed has none, and ends the benchmark."""
    await asyncio.sleep(OPEN_SECONDS - SLOW)
    for _ in range(OUTCOME_SECONDS):
        if (await place.get(place.operator, path + "outcome/")).is_success:
            return
        await asyncio.sleep(1)
    raise TimeoutError(
        f"no outcome of {path} after {OUTCOME_SECONDS} s: {(await place.get(place.operator, path)).text}"
    )


async def join(place: Place, person: Person, path: str) -> None:
    """Join, under a limit that covers every value."""
    await place.post(person.key, path + "participations/", {"limit_minor": 10_000})


async def bid(place: Place, person: Person, path: str, body: dict[str, Any], delay: float) -> float:
    """Wait as long as this agent takes, bid; when the server says that it got it."""
    await asyncio.sleep(delay)
    ack = await place.post(person.key, path + "bids/", body)
    return datetime.fromisoformat(ack["received_at"]).timestamp()


def posted(values: list[int], quick: set[int], rng: random.Random) -> Game:
    """First come, first served, at half of the highest value: of those as fast, the order is drawn."""
    order = sorted(range(BUYERS), key=lambda n: (n not in quick, rng.random()))
    taken = next((n for n in order if values[n] >= HIGH // 2), None)
    return Game(quick, [values[n] - HIGH // 2 if n == taken else 0 for n in range(BUYERS)], [])


def advantage(pairs: list[Pair]) -> float:
    """What the fast gained over what the slow did."""
    fast, slow = (sum(game.gain(quick) for pair in pairs for game in pair) for quick in (True, False))
    return fast / slow if slow else float("nan" if not fast else "inf")


def interval(pairs: list[Pair], rng: random.Random) -> tuple[float, float]:
    """The percentile bootstrap over pairs, which alone are drawn independently."""
    drawn = sorted(advantage(rng.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    cut = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return drawn[cut], drawn[-1 - cut]


async def main(pairs: int) -> int:
    """All rules side by side, pair after pair; the exit status says whether speed bought anything."""
    rng = random.Random(8)
    played: dict[str, list[Pair]] = {rule: [] for rule in (*RULES, "posted price")}
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), free_port())
        try:
            crowds = {rule: [await place.person(f"{rule} {n}") for n in range(BUYERS + 1)] for rule in RULES}
            for _ in range(pairs):
                values = [rng.randrange(2000, HIGH) for _ in range(BUYERS)]
                turns = [(rule, quick) for rule in RULES for quick in ({0, 1}, {2, 3})]
                games = [market(place, rule, values, quick, crowds[rule]) for rule, quick in turns]
                found = await asyncio.gather(*games)
                for n, rule in enumerate(RULES):
                    played[rule].append(found[2 * n : 2 * n + 2])
                played["posted price"].append([posted(values, quick, rng) for quick in ({0, 1}, {2, 3})])
            await place.http.aclose()
        finally:
            place.server.stop()
            place.stripe.stop()
    return report(played)


def report(played: dict[str, list[Pair]]) -> int:
    """A line a rule."""
    worst = 0
    leads = [game.lead() for rule in RULES for pair in played[rule] for game in pair]
    print(f"{len(leads)} markets; the last of the fast led the first of the slow by {statistics.median(leads):.2f} s")
    print(f"in the median, and in {sum(lead > 0 for lead in leads)} of them came before; {CONFIDENCE:.0%} intervals\n")
    for rule, pairs in played.items():
        ratio, (low, high) = advantage(pairs), interval(pairs, random.Random(8))
        even = low - NOISE <= 1 <= high + NOISE and abs(ratio - 1) <= NOISE
        worst |= rule in RULES and not even
        verdict = f"(1.0 within {NOISE})  {'ok' if even else 'SPEED PAYS'}" if rule in RULES else ""
        print(f"{rule:20} fast gain / slow gain {ratio:6.2f}  [{low:.2f}, {high:.2f}]  {verdict}")
    return int(worst)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    heading("What answering first is worth")
    sys.exit(asyncio.run(main(parser.parse_args().pairs)))
