"""A market from its opening to a refund, told so that it may be told again from the start after any death."""

import json
import secrets
from pathlib import Path

from django.utils import timezone

from marketplace.agents.keys import identify
from marketplace.bidding.intake import committer
from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.participations import complete_join, join_market
from marketplace.clearing import child
from marketplace.clearing import sweeps as clearing
from marketplace.core import sweeps
from marketplace.markets.models import Market, Round
from marketplace.settlement import books, services
from marketplace.settlement.authorisations import sweep_unanswered
from marketplace.settlement.models import Authorisation, Obligation, WebhookEvent
from marketplace.settlement.verification import verify_journal
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.event import Event
from marketplace.stripe_sandbox.objects.transfer import Transfer
from tests.factories import Trader, buy, close_now, open_a_market, submitted
from tests.settlement.world import post_event

LIMIT = 100_00
VALUES = (9_000, 8_000, 7_000)


def prepare(file: Path) -> None:
    """Three buyers and a seller, once for many cases."""
    buyers, seller = [Trader() for _ in VALUES], Trader(card=None, payout=True)
    keys = {"buyers": [buyer.key for buyer in buyers], "seller": seller.agent.ref, "seller_key": seller.key}
    file.write_text(json.dumps(keys))


def begin(file: Path, case: Path) -> None:
    """An open market of this case's own: two rooms of one seller, at one price."""
    seller = json.loads(file.read_text())["seller"]
    lots = [{"id": "room", "supply": 2, "seller": seller}]
    market = open_a_market(mechanism="uniform_price", lots=lots)
    newest = Event.objects.order_by("-pk").first()
    case.write_text(json.dumps({"market": market.ref, "since": newest.id if newest else ""}))


def tell(file: Path, case: Path) -> None:
    """From the joins to the refund; whatever was done before is found done."""
    known = json.loads(case.read_text())
    market = Market.objects.select_related("journal").get(ref=known["market"])
    for number, key in enumerate(json.loads(file.read_text())["buyers"]):
        _bid(market, key, number)
    if Market.objects.filter(pk=market.pk, state="open").exists():
        close_now(market)
    sweep(market)
    collect = Obligation.objects.filter(journal=market.journal, kind="collect").order_by("pk").first()
    if collect is not None and not collect.returns.exists():
        services.refund(obligation=collect)
    sweep(market)
    for event in Event.objects.filter(pk__gt=known["since"]).order_by("pk"):
        post_event(event)
    sweep(market)


def _bid(market: Market, key: str, number: int) -> None:
    """Join and bid under keys that a repeat uses again."""
    trader = Trader.__new__(Trader)
    trader.key, trader.identity = key, identify(key)
    name = f"{market.ref}-{number}"
    join_market(market=market, identity=trader.identity, limit_minor=LIMIT, key=f"join-{name}")
    for row in Participation.objects.filter(market=market, state="pending"):
        hurry()
        sweep_unanswered()
        complete_join(participation=row)
    if not Bid.objects.filter(market=market, participation__agent_id=trader.identity.agent_id).exists():
        submission = submitted(trader, market, buy("room", VALUES[number]), f"bid-{name}")
        decision = committer.submit(submission).result(30)
        if decision.refusal is not None:
            raise decision.refusal


def sweep(market: Market) -> None:
    """All background work, the clearing in this very process so that it can die in it."""
    for _ in range(60):
        for each in sweeps.registered():
            if each.name.startswith(("settlement.", "markets.", "bidding.")):
                each.claim_and_run()
        _clear()
        market.refresh_from_db()
        unhandled = WebhookEvent.objects.filter(handled_at=None).exists()
        if market.state == "settled" and not services.unsettled_count(market.journal) and not unhandled:
            return
        hurry()
    raise AssertionError(f"{market.ref} is {market.state}, {services.unsettled_count(market.journal)} still move")


def _clear() -> None:
    claim = secrets.token_hex(16)
    round_ = clearing._claim_one(claim)
    if round_ is not None:
        child.clear(round_.ref, claim)


def hurry() -> None:
    """The leases of the dead have run out."""
    past = "2000-01-01T00:00:00Z"
    for model in (Authorisation, Obligation, WebhookEvent):
        for row in model.objects.exclude(due_at=None):
            model.objects.filter(pk=row.pk).update(due_at=past)
    Round.objects.filter(state="clearing").update(claimed_at=timezone.now() - 2 * clearing.LEASE)


def faults(case: Path) -> list[str]:
    """What is wrong in the end: each thing once, and the money to the cent."""
    market = Market.objects.select_related("journal").get(ref=json.loads(case.read_text())["market"])
    found = verify_journal(market.journal) + [str(each) for each in books.differences(market.journal)]
    refs = list(Participation.objects.filter(market=market, state="active").values_list("ref", flat=True))
    counts = {
        "participations": (len(refs), 3),
        "bids": (Bid.objects.filter(market=market, status="accepted").count(), 3),
        "cleared rounds": (market.rounds.filter(state="cleared").count(), 1),
        "rounds": (market.rounds.count(), 1),
    }
    found += [f"{count} {what}, not {wanted}" for what, (count, wanted) in counts.items() if count != wanted]
    price = VALUES[2]  # the first rejected bid
    charges = Charge.objects.filter(transfer_group=market.journal.name)
    taken = sorted(charge.amount_captured - charge.amount_returned for charge in charges)
    if taken != [0, 0, price]:  # two were charged, one of them got it back, the third never paid
        found.append(f"Stripe has taken {taken}, the price is {price}")
    moved = Transfer.objects.filter(transfer_group=market.journal.name)
    if [transfer.amount - transfer.amount_reversed for transfer in moved] != [price]:
        found.append(f"Stripe has moved {[(each.amount, each.amount_reversed) for each in moved]}")
    return found
