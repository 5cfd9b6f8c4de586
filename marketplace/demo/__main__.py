"""`make demo`: a real market from its opening to settled money, then practice markets to try oneself."""

import asyncio
import contextlib
import os
import signal
import sys

import httpx

from marketplace.demo.client import JSON, Agent, Doors, RefusedError
from marketplace.demo.place import ROOT, DemoError, Place, whole_number
from marketplace.demo.play import Played, play
from marketplace.demo.practice import OVERLAP, SECONDS, Practice
from marketplace.demo.scenes import SCENES
from marketplace.demo.words import explained, told

INVITATION = """
Try it yourself; a practice market is always open, one a minute ({seconds} s each). With curl:

  KEY={key} API={url}/api/v1
  M=$(curl -s "$API/markets/?mechanism=second_price&open_for={margin}" -H "Authorization: Bearer $KEY" | grep -o 'mkt_[0-9a-z]*' | head -1)
  curl -s "$API/markets/$M/participations/" -H "Authorization: Bearer $KEY" -H "Idempotency-Key: join-$M" -H 'Content-Type: application/json' -d '{{"limit_minor": 10000}}'
  curl -s "$API/markets/$M/bids/" -H "Authorization: Bearer $KEY" -H "Idempotency-Key: bid-$M" -H 'Content-Type: application/json' -d '{{"atoms": [{{"bundle": {{"ticket": 1}}, "value": 8500}}]}}'

and, once it has closed, what you got and why:

  curl -s "$API/markets/$M/outcome/" -H "Authorization: Bearer $KEY"

With Python, joining, bidding by websocket, waiting and explaining in one go:

  {python} docs/quickstart_agent.py {url} {key}

Ctrl-C ends the demo.
"""  # noqa: E501 - to be pasted as they stand


async def run(place: Place, scene: str, *, leave: bool) -> bool:
    """Play, print, verify; then keep practice markets alive unless told to leave. True when all is settled."""
    operator = place.start()
    doors = Doors(place.url)
    try:
        for each in SCENES[scene]():
            print(f"\n{each.title}\n  {each.story}")
            await _show(place, doors, await play(doors, operator, each))
        settled = place.verify_books()
        print("\nThe books: " + ("every chain and every sum holds." if settled else "THEY DO NOT BALANCE."))
        if not leave:
            await _stay(place, doors, operator)
        return settled
    finally:
        await doors.close()


async def _show(place: Place, doors: Doors, played: Played) -> None:
    print(told(played))
    why = await explained(doors, played)
    if why:
        print(why)
    path = place.directory / f"outcome-{played.market['id']}.csv"
    path.write_text(played.report)
    print(f"  Report: {path.relative_to(ROOT)}   Page: {place.url}/markets/{played.market['id']}/")
    if played.scene.compared is not None:
        print(f"  {played.scene.compared(played.outcome['welfare'])}")


async def _stay(place: Place, doors: Doors, operator: str) -> None:
    practice = Practice(doors, operator)
    stranger = await practice.prepare()
    sparring = asyncio.create_task(practice.sparring().keep_alive())
    _invite(place, stranger, operator)

    def opened(market: JSON) -> None:
        print(f"  practice market open: {place.url}/markets/{market['id']}/", flush=True)

    try:
        while place.alive():
            try:
                await practice.keep_alive(opened)
            except (RefusedError, httpx.TransportError, ExceptionGroup) as error:
                print(f"  the practice market failed ({error}); another one follows")
                await asyncio.sleep(1)
    finally:
        sparring.cancel()
    raise DemoError(f"a server has ended; its log is in {place.directory}")


def _invite(place: Place, stranger: Agent, operator: str) -> None:
    print(f"\nLive page   {place.url}/")
    print(f"API docs    {place.url}/api/docs/")
    print(f"Admin       {place.url}/admin/   user admin, password {place.password}")
    print(f"Operator    {operator}   a key that may open markets and register agents")
    python = os.path.relpath(sys.executable)
    facts = {"key": stranger.key, "url": place.url, "seconds": SECONDS, "margin": max(1, OVERLAP - 1)}
    print(INVITATION.format(python=python, **facts), flush=True)


def main() -> int:
    """Read SCENE, EXIT and PORT from the environment; the exit status says whether all was settled."""
    scene, leave = os.environ.get("SCENE") or "trip", os.environ.get("EXIT") == "1"
    if scene not in SCENES:
        print(f"There is no scene {scene!r}; SCENE is one of {', '.join(SCENES)}.", file=sys.stderr)
        return 2
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs are born deaf to SIGINT
        signal.signal(ending, signal.default_int_handler)
    place = Place(whole_number("PORT", 8000))
    try:
        return 0 if asyncio.run(run(place, scene, leave=leave)) else 1
    except (DemoError, RefusedError, httpx.TransportError, ExceptionGroup) as error:
        reasons = error.exceptions if isinstance(error, ExceptionGroup) else [error]
        print(f"The demo failed: {reasons[0]}\nThe servers' logs are in {place.directory}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            place.stop()


if __name__ == "__main__":
    sys.exit(main())
