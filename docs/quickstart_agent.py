"""Joins a practice market, bids by websocket, waits for the money: python docs/quickstart_agent.py URL KEY"""

import asyncio
import json
import sys
import uuid

import httpx
import websockets

URL, KEY = sys.argv[1], sys.argv[2]
AUTH = {"Authorization": f"Bearer {KEY}"}


async def main() -> None:
    async with httpx.AsyncClient(base_url=f"{URL}/api/v1/", headers=AUTH, timeout=30) as http:
        markets = (await http.get("markets/?state=open&mechanism=second_price")).raise_for_status().json()["markets"]
        market = max(markets, key=lambda market: market["closes_at"])
        lot, body = market["lots"][0], {"limit_minor": 9000}
        key = {"Idempotency-Key": str(uuid.uuid4())}  # the same key again would get the same answer, never a second act
        joined = await http.post(f"markets/{market['id']}/participations/", json=body, headers=key)
        print("joined:", joined.json().get("means") or joined.json())
        address = f"{URL.replace('http', 'ws', 1)}/ws/v1/markets/{market['id']}/"
        async with websockets.connect(address, additional_headers=AUTH) as socket:
            bid = {"atoms": [{"bundle": {lot["id"]: 1}, "value": 8500}]}  # 85.00 EUR: money is always an integer
            await socket.send(json.dumps({"id": 1, "type": "bid.submit", "key": str(uuid.uuid4()), "data": bid}))
            async for text in socket:
                frame = json.loads(text)
                print(frame["type"] + ":", frame.get("kind", ""), frame["data"])
                if frame.get("kind") == "market.settled":
                    break
        print("why:", (await http.get(f"markets/{market['id']}/outcome/")).json()["why"])


asyncio.run(main())
