"""What becomes of a round that a winner did not pay, by the rule that its market declared before anybody joined."""

from django.db import transaction

from marketplace.core import clock, limits, streams
from marketplace.markets.models import Market, Round
from marketplace.markets.services import new_round
from marketplace.settlement.models import Obligation
from marketplace.settlement.services import forfeit_deposits, release_all

DEFAULTED = Obligation.State.DEFAULTED


def unresolved(market: Market) -> Round | None:
    """The standing round, if a winner has not paid it and nothing was made of that yet."""
    standing = market.rounds.filter(state=Round.State.CLEARED, default_resolved=False).first()
    if standing is None:
        return None
    gone = Obligation.objects.filter(round_ref=standing.ref, kind=Obligation.Kind.COLLECT, state=DEFAULTED)
    return standing if gone.exists() else None


def resolve_due() -> int:
    """Apply the rule to rounds that have come to rest with a default."""
    gone = Obligation.objects.filter(kind=Obligation.Kind.COLLECT, state=DEFAULTED)
    due = Round.objects.filter(
        state=Round.State.CLEARED,
        default_resolved=False,
        market__state=Market.State.CLOSED,
        ref__in=gone.values("round_ref"),
    )
    return sum(resolve_default(round_=row) for row in due[: limits.SWEEP_BATCH] if _rests(row))


@transaction.atomic
def resolve_default(*, round_: Round) -> bool:
    """The next best is looked for, deposits are forfeited, or all is void; False where someone else was first."""
    market = Market.objects.select_for_update().select_related("journal").get(pk=round_.market_id)
    mine = Round.objects.filter(pk=round_.pk, state=Round.State.CLEARED, default_resolved=False)
    if market.state != Market.State.CLOSED or mine.update(default_resolved=True) != 1:
        return False
    if market.on_default == Market.OnDefault.NEXT_BEST:
        _supersede(market, round_)
    elif market.on_default == Market.OnDefault.DEPOSIT:
        forfeit_deposits(journal=market.journal, round_ref=round_.ref)
    else:
        release_all(journal=market.journal)
    return True


def _supersede(market: Market, round_: Round) -> None:
    """A new round without those who did not pay; never an edit of the old one."""
    gone = Obligation.objects.filter(round_ref=round_.ref, kind=Obligation.Kind.COLLECT, state=DEFAULTED)
    without = sorted({*round_.without, *gone.values_list("reference", flat=True)})
    Round.objects.filter(pk=round_.pk).update(state=Round.State.SUPERSEDED)
    why = f"round {round_.n} was not paid by all its winners; cleared again without who did not"
    at = clock.now()
    made = new_round(market=market, at=at, reason=why, without=without, without_lots=round_.without_lots)
    facts = {"round": round_.ref, "n": round_.n, "next": made.ref, "reason": why}
    streams.append(market.stream, "round.superseded", facts, at)


def _rests(round_: Round) -> bool:
    """Refunds are made before anybody is charged again."""
    open_ones = (Obligation.State.PENDING, Obligation.State.UNKNOWN)
    return not Obligation.objects.filter(round_ref=round_.ref, state__in=open_ones).exists()
