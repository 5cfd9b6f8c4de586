"""Playing a scene through the public doors: half of the agents by REST, half by websocket."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tqdm import tqdm

from marketplace.core.ladder import rung_above
from marketplace.core.money import least_charge, minor_from_units
from marketplace.demo.client import JSON, Agent, Doors, RefusedError
from marketplace.demo.scenes import Scene

T = TypeVar("T")
AT_ONCE = 12
LEAST_SECONDS = 6
JOINING_TO_REGISTERING = 2.0  # joining and bidding takes about as long as registering did; a market cannot close early


@dataclass(frozen=True)
class Played:
    """A scene that has settled."""

    scene: Scene
    market: JSON
    agents: dict[str, Agent]
    outcome: JSON
    report: str
    seconds: float  # from the close to the last cent
    previews: dict[str, JSON]  # of those who bid by a preference


async def play(doors: Doors, operator: str, scene: Scene) -> Played:
    """Register everybody, open the market, let them bid, and follow it until the money has moved."""
    started = time.monotonic()
    registered = await _each("agents", scene.bids, lambda bid: _register(doors, operator, bid))
    agents = {agent.name: agent for agent in registered}
    open_for = LEAST_SECONDS + round((time.monotonic() - started) * JOINING_TO_REGISTERING)
    market = await _open(doors, operator, scene, open_for)
    ending = asyncio.create_task(_followed(doors, operator, market["id"]))  # a socket that nobody reads is cut off
    previews = await _each(
        "bids", list(enumerate(scene.bids)), lambda task: _trade(doors, market, agents[task[1]["agent"]], *task)
    )
    seconds = await ending
    outcome = await doors.get(operator, f"markets/{market['id']}/outcome/")
    report = await doors.text(operator, f"markets/{market['id']}/report.csv")
    seen = {bid["agent"]: preview for bid, preview in zip(scene.bids, previews, strict=True) if preview}
    return Played(scene, market, agents, outcome, report, seconds, seen)


async def _register(doors: Doors, operator: str, bid: JSON) -> Agent:
    agent = await doors.register(operator, bid["agent"])
    if _sells(bid):
        await doors.onboard(agent)
    if "preference" in bid or worst_units(bid):
        await doors.post(agent.key, "payment-methods/", {"payment_method": "pm_card_visa"})
    return agent


async def _open(doors: Doors, operator: str, scene: Scene, seconds: int) -> JSON:
    lots = [{"seller": scene.seller, **lot} for lot in scene.market["lots"]]
    sellers = {}
    for name in sorted({lot["seller"] for lot in lots if lot["seller"]}):
        sellers[name] = await doors.register(operator, name, kind="firm")
        await doors.onboard(sellers[name])
    lots = [{**lot, "seller": sellers[lot["seller"]].ref if lot["seller"] else None} for lot in lots]
    stated = {**scene.market, "lots": lots, "title": scene.title, "description": scene.story, "closes_in_s": seconds}
    return await doors.post(operator, "markets/", stated)


async def _trade(doors: Doors, market: JSON, agent: Agent, index: int, bid: JSON) -> JSON | None:
    """Join with what the bid could cost, then bid: even numbers by REST, odd ones by websocket.

    A preference is stored, previewed and then bid by its id; returned is what the preview said.
    """
    body, preview = {name: part for name, part in bid.items() if name != "agent"}, None
    if "preference" in body:
        stored = await doors.post(agent.key, "preferences/", {"preference": body["preference"]})
        body = {"preference": stored["id"]}
        preview = await doors.post(agent.key, f"markets/{market['id']}/previews/", body)
    await join(doors, market, agent, preview["worst_case_minor"] if preview else worst_minor(market, bid))
    if index % 2:
        await doors.bid_by_socket(agent, market["id"], body)
    else:
        await doors.post(agent.key, f"markets/{market['id']}/bids/", body)
    return preview


def worst_minor(market: JSON, bid: JSON) -> int:
    """The most that atoms or steps could cost, in minor units."""
    return minor_from_units(worst_units(bid), market["exponent"], market["currency"])


async def join(doors: Doors, market: JSON, agent: Agent, worst: int) -> None:
    """Join under the least step of the ladder that covers the worst case, and what a card can be held for."""
    limit = rung_above(max(worst, least_charge(market["currency"]))) if worst else 0
    await doors.post(agent.key, f"markets/{market['id']}/participations/", {"limit_minor": limit})


async def _followed(doors: Doors, operator: str, market: str) -> float:
    """Follow the public stream to its end, and say what comes after the close; the seconds from close to settled."""
    started = 0.0
    async for event in doors.events(market, operator):
        if event["kind"] == "market.closed":
            started = time.monotonic()
        if started:
            print(f"  {time.monotonic() - started:8.2f} s  {event['kind']}", flush=True)
        if event["kind"] == "market.settled" and event["data"]["all_paid"]:
            return float(event["data"]["seconds_from_close"])
        if event["kind"] in ("round.failed", "market.cancelled", "market.settled"):
            break
    raise RefusedError(f"the market {market} ended with money that has not moved")


async def _each(what: str, items: Iterable[T], act: Callable[[T], Awaitable[Any]]) -> list[Any]:
    """`act` on every item, a dozen at once, with a progress bar; results in the items' order."""
    items, gate = list(items), asyncio.Semaphore(AT_ONCE)
    with tqdm(total=len(items), desc=what, bar_format="{desc:>12} {bar:30} {n_fmt}/{total_fmt} {elapsed}") as bar:

        async def one(item: T) -> Any:
            async with gate:
                result = await act(item)
                bar.update()
                return result

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    return [task.result() for task in tasks]


def worst_units(bid: JSON) -> int:
    """The most that a bid could cost, in units."""
    steps = sum(step["quantity"] * step["price"] for step in bid.get("steps", ()) if step["quantity"] > 0)
    return max([steps, *(atom["value"] for atom in bid.get("atoms", ()))])


def _sells(bid: JSON) -> bool:
    return any(step["quantity"] < 0 for step in bid.get("steps", ()))
