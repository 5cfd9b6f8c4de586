"""The bare peers: Starlette and FastAPI doing one asyncpg INSERT a request, and nothing else."""

import os

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

INSERT = "INSERT INTO bare_bid (agent, lot, value) VALUES ($1, $2, $3) RETURNING id"
pool: asyncpg.Pool


async def open_pool() -> None:
    """16 connections, as many as the load has."""
    global pool
    pool = await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=16, max_size=16)


class BareBid(BaseModel):
    """What FastAPI validates."""

    agent: str
    lot: str
    value: int


async def insert(request: Request) -> JSONResponse:
    """Starlette: read JSON, insert, answer."""
    body = await request.json()
    row = await pool.fetchval(INSERT, body["agent"], body["lot"], body["value"])
    return JSONResponse({"id": row}, status_code=201)


class Lifespan:
    """Opens the pool with the server."""

    def __init__(self, app: object) -> None:
        pass

    async def __aenter__(self) -> None:
        await open_pool()

    async def __aexit__(self, *exc: object) -> None:
        await pool.close()


starlette_app = Starlette(routes=[Route("/bids", insert, methods=["POST"])], lifespan=Lifespan)
fastapi_app = FastAPI(lifespan=Lifespan)


@fastapi_app.post("/bids", status_code=201)
async def fastapi_insert(bid: BareBid) -> dict[str, int]:
    """FastAPI: validate, insert, answer."""
    return {"id": await pool.fetchval(INSERT, bid.agent, bid.lot, bid.value)}
