"""Joins an open market, bids by websocket, waits for the money: python docs/quickstart_agent.py URL KEY"""

import asyncio
import json
import sys

import httpx
import websockets

URL, KEY = sys.argv[1:3]
AUTH = {"Authorization": f"Bearer {KEY}"}
OPEN = "markets/?mechanism=second_price&open_for=5"


async def join(http: httpx.AsyncClient) -> dict:
    """Join a market under a limit of 100.00 EUR; wait where none is open."""
    while True:
        for market in (await http.get(OPEN)).raise_for_status().json()["markets"]:
            key = {"Idempotency-Key": f"join-{market['id']}"}  # the same key again: the same answer, no second act
            said = await http.post(f"markets/{market['id']}/participations/", json={"limit_minor": 10000}, headers=key)
            if said.status_code != 409:  # 409: it has just closed
                return said.raise_for_status() and market
        await asyncio.sleep(1)


async def main() -> None:
    async with httpx.AsyncClient(base_url=f"{URL}/api/v1/", headers=AUTH, timeout=30) as http:
        market = await join(http)
        bid = {"atoms": [{"bundle": {market["lots"][0]["id"]: 1}, "value": 8500}]}  # 85.00 EUR: money is an integer
        address = f"{URL.replace('http', 'ws', 1)}/ws/v1/markets/{market['id']}/"
        async with websockets.connect(address, additional_headers=AUTH) as socket:
            await socket.send(json.dumps({"id": 1, "type": "bid.submit", "key": f"bid-{market['id']}", "data": bid}))
            async for text in socket:  # first what has happened so far, then what happens
                frame = json.loads(text)
                print(frame["type"] + ":", frame.get("kind", ""), frame["data"])
                if frame["type"] == "error" or frame.get("kind") == "market.settled":
                    break
        print("why:", (await http.get(f"markets/{market['id']}/outcome/")).json().get("why"))


asyncio.run(main())
