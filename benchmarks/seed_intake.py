"""Fills a fresh database for the benchmarks of intake: prints `market key` for each participation."""

import itertools
import os
import sys
from datetime import timedelta

sys.path.insert(0, os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from marketplace.agents.models import Agent, Principal  # noqa: E402
from marketplace.agents.services import register_agent  # noqa: E402
from marketplace.bidding.models import Participation  # noqa: E402
from marketplace.core.models import Stream  # noqa: E402
from marketplace.core.refs import new_ref  # noqa: E402
from marketplace.markets.models import Lot, Market  # noqa: E402
from marketplace.markets.services import fresh_bid_keys  # noqa: E402
from marketplace.settlement.models import Authorisation, Journal  # noqa: E402

CHUNK = 500  # markets written together


Place = tuple[Market, Agent, str]  # an agent's in a market, and its key


def main(count: int, each: int, joined: bool, pool: int) -> None:
    """Markets of `each` participations, as many as are needed, of a pool of agents who take turns."""
    call_command("migrate", verbosity=0)
    traders = [register_agent(name="bench", principal_name="bench") for _ in range(pool)]
    principals = Principal.objects.in_bulk([agent.principal_id for agent, _ in traders])
    turns, left = itertools.cycle(traders), -(-count // each)
    while left > 0:
        markets = open_markets(min(left, CHUNK))
        left -= len(markets)
        places = [(market, *next(turns)) for market in markets for _ in range(each)]
        if joined:
            join_all(places, principals)
        for market, _, key in places:
            sys.stdout.write(f"{market.ref} {key}\n")


def open_markets(count: int) -> list[Market]:
    """Open markets with one room each, written in bulk."""
    now, refs = timezone.now(), [new_ref("mkt") for _ in range(count)]
    journals = Journal.objects.bulk_create(Journal(name=f"market:{ref}", currency="EUR") for ref in refs)
    markets = Market.objects.bulk_create(
        Market(
            ref=ref,
            title="bench",
            mechanism="second_price",
            currency="EUR",
            state="open",
            opens_at=now,
            closes_at=now + timedelta(days=1),
            seed="00",
            journal=journal,
            created_at=now,
            **fresh_bid_keys(),
        )
        for ref, journal in zip(refs, journals, strict=True)
    )
    Lot.objects.bulk_create(Lot(market=market, name="room") for market in markets)
    Stream.objects.bulk_create(Stream(name=market.stream) for market in markets)
    return markets


def join_all(places: list[Place], principals: dict[int, Principal]) -> None:
    """Active participations with a limit of 100.00 EUR, written in bulk."""
    now = timezone.now()
    holds = Authorisation.objects.bulk_create(
        Authorisation(
            ref=new_ref("aut"),
            journal=market.journal,
            reference=new_ref("prt"),
            principal=principals[agent.principal_id],
            amount_minor=10_000,
            currency="EUR",
            state="authorised",
            created_at=now,
            updated_at=now,
        )
        for market, agent, _ in places
    )
    rows = [
        Participation(
            ref=hold.reference,
            market=market,
            agent=agent,
            limit_minor=10_000,
            authorisation=hold,
            state="active",
            key_hash=hold.reference,
            created_at=now,
        )
        for (market, agent, _), hold in zip(places, holds, strict=True)
    ]
    Participation.objects.bulk_create(rows)
    Stream.objects.bulk_create(Stream(name=row.stream) for row in rows)


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1", int(sys.argv[4]))
