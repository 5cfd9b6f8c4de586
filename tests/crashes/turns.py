"""A haggle to its contract and a clock that falls to its end, told so that they may be told again after any death."""

import json
from pathlib import Path

import mechanisms
from marketplace.agents.keys import identify
from marketplace.bidding import moves, ticking
from marketplace.bidding.models import Move, Participation
from marketplace.bidding.participations import complete_join, join_market
from marketplace.markets.models import Market
from marketplace.markets.terms import terms_of
from marketplace.settlement import books
from marketplace.settlement.authorisations import sweep_unanswered
from marketplace.settlement.verification import verify_journal
from marketplace.stripe_sandbox.objects.charge import Charge
from mechanisms.kinds import read_problem
from tests.crashes import story
from tests.factories import open_a_market, time_is_up

LIMIT, PRICE = 150_00, 120_00
ISSUES = {"price": [8000, PRICE, 19000], "breakfast": ["yes", "no"]}
SAID = [(0, 8000, "yes"), (1, 19000, "no"), (0, PRICE, "yes")]  # who offers, and what; then it is accepted
hurry = story.hurry


def begin(file: Path, case: Path) -> None:
    """An open haggle and an open clock of this case's own."""
    seller = json.loads(file.read_text())["seller"]
    agenda = {"issues": ISSUES, "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}]}
    lots = [{"id": "stay", "seller": seller}]
    params = {"answer_s": 600, "first": "buyer"}
    haggle = open_a_market(mechanism="alternating_offers", params=params, lots=lots, agenda=agenda)
    falling = {"start": 1000, "decrement": 400, "tick_s": 5}
    clock = open_a_market(mechanism="dutch", params=falling, lots=[{"id": "rose", "seller": seller, "reserve": 200}])
    case.write_text(json.dumps({"haggle": haggle.ref, "clock": clock.ref}))


def tell(file: Path, case: Path) -> None:
    """From the joins to the money; whatever was done before is found done."""
    known, keys = json.loads(case.read_text()), json.loads(file.read_text())
    haggle, clock = (Market.objects.select_related("journal").get(ref=known[name]) for name in ("haggle", "clock"))
    parties = [(keys["buyers"][0], LIMIT), (keys["seller_key"], 0)]
    for key, limit in parties:
        _join(haggle, key, limit)
    for n, (party, price, breakfast) in enumerate(SAID, start=1):
        offer = {"type": "offer", "data": {"agreement": {"price": price, "breakfast": breakfast}}, "n": n}
        _move(haggle, parties[party][0], offer)
    _move(haggle, parties[1][0], {"type": "accept", "n": len(SAID) + 1})
    while Market.objects.filter(pk=clock.pk, state="open").exists():
        time_is_up(clock)
        ticking.tick_due()
    for market in (haggle, clock):
        story.sweep(market)


def _join(market: Market, key: str, limit: int) -> None:
    identity = identify(key)
    join_market(market=market, identity=identity, limit_minor=limit, key=f"join-{market.ref}-{identity.agent_ref}")
    for row in Participation.objects.filter(market=market, state="pending"):
        hurry()
        sweep_unanswered()
        complete_join(participation=row)


def _move(market: Market, key: str, move: dict[str, object]) -> None:
    """A move under a key that a repeat uses again."""
    again = f"move-{market.ref}-{move['n']}"
    moves.submit_move(value=move, key=again, identity=identify(key), terms=terms_of(market.ref))


def faults(case: Path) -> list[str]:
    """What is wrong in the end: each move once, in order, and the money to the cent."""
    known, found = json.loads(case.read_text()), []
    for name, kinds in (("haggle", ["offer"] * 3 + ["accept"]), ("clock", ["timeout"] * 3)):
        market = Market.objects.select_related("journal").get(ref=known[name])
        made = list(Move.objects.filter(market=market).order_by("n").values_list("n", "type"))
        if made != list(enumerate(kinds, start=1)):
            found.append(f"the moves of the {name} are {made}")
        found += verify_journal(market.journal) + [str(each) for each in books.differences(market.journal)]
        round_ = market.rounds.get()
        if mechanisms.run(market.mechanism, read_problem(round_.problem)).to_json().decode() != round_.outcome:
            found.append(f"the {name}, played again, leads elsewhere")
        taken = sum(each.amount_captured for each in Charge.objects.filter(transfer_group=market.journal.name))
        if taken != (PRICE if name == "haggle" else 0):
            found.append(f"Stripe has taken {taken} of the {name}")
    return found
