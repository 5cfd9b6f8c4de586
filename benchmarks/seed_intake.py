"""Fills a fresh database for the benchmarks of intake: prints `market key` for each participation that may bid once."""

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


def main(count: int, each: int) -> None:
    """Markets of `each` participations, as many as are needed; always of the same agents."""
    call_command("migrate", verbosity=0)
    traders = [register_agent(name="bench", principal_name="bench") for _ in range(each)]
    for start in range(0, count, each):
        market = open_market()
        for _, key in traders[: count - start]:
            print(market.ref, key)
        join_all(market, [agent for agent, _ in traders[: count - start]])


def open_market() -> Market:
    """An open market with one room."""
    now, ref = timezone.now(), new_ref("mkt")
    journal = Journal.objects.create(name=f"market:{ref}", currency="EUR")
    market = Market.objects.create(
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
    Lot.objects.create(market=market, name="room")
    Stream.objects.create(name=market.stream)
    return market


def join_all(market: Market, agents: list[Agent]) -> None:
    """Active participations with a limit of 100.00 EUR, written in bulk."""
    now, principals = timezone.now(), Principal.objects.in_bulk([agent.principal_id for agent in agents])
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
        for agent in agents
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
        for agent, hold in zip(agents, holds, strict=True)
    ]
    Participation.objects.bulk_create(rows)
    Stream.objects.bulk_create(Stream(name=row.stream) for row in rows)


main(int(sys.argv[1]), int(sys.argv[2]))
