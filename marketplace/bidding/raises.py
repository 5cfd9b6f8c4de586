"""Raising a limit: a second hold that takes the place of the first, under the same mandate as the joining."""

from datetime import datetime

from django.db import IntegrityError, transaction

from marketplace.agents.keys import Identity
from marketplace.bidding.acts import act_of, weigh
from marketplace.bidding.ladder import refuse_off_ladder
from marketplace.bidding.models import Participation, Raise
from marketplace.bidding.participations import declined, lock_open, not_approved
from marketplace.core import streams
from marketplace.core.idempotency import key_hash, reused
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.mandates.ceilings import commit, undo_last
from marketplace.mandates.checkins import ask
from marketplace.mandates.grants import locked_chain
from marketplace.mandates.models import CheckIn
from marketplace.markets.models import Market
from marketplace.markets.money import reserved_amounts
from marketplace.settlement.models import Authorisation
from marketplace.settlement.services import authorise, replace_hold, reserve

State = Raise.State
MOVING = (Authorisation.State.PENDING, Authorisation.State.UNKNOWN)


def raise_limit(*, market: Market, identity: Identity, limit_minor: int, key: str) -> Raise:
    """Raise the limit of one's participation; a repeat with the same key resumes, as in joining.

    Until the larger hold stands, the old limit counts, and the card bears both holds for a moment.
    """
    name = key_hash("raise", market.ref, identity.agent_ref, key)
    row = _known(name) or _begin(market, identity, limit_minor, name)
    if row.limit_minor != limit_minor:
        raise reused()
    if row.state == State.PENDING:
        place_raise(row=row)
    if row.state == State.REFUSED:
        raise _refused(row)
    return row


def place_raise(*, row: Raise) -> None:
    """Ask the processor for the larger hold, outside any transaction, and complete the raise if it has answered."""
    assert row.authorisation is not None  # noqa: S101 - a pending one has its hold
    authorise(authorisation=row.authorisation)
    complete_raise(row=row)
    row.refresh_from_db()


@transaction.atomic
def complete_raise(*, row: Raise) -> bool:
    """pending -> done or refused, as the larger hold has turned out; False while that is not known."""
    hold = Authorisation.objects.get(pk=row.authorisation_id)
    if hold.state in MOVING:
        return False
    participation = row.participation
    market = Market.objects.select_for_update().get(pk=participation.market_id)
    is_open = market.state == Market.State.OPEN and participation.authorisation is not None
    done = is_open and replace_hold(old=participation.authorisation, new=hold)
    if Raise.objects.filter(pk=row.pk, state=State.PENDING).update(state=State.DONE if done else State.REFUSED) != 1:
        raise RuntimeError(f"{row.ref} was completed twice")  # the market's lock lets nobody come between
    if done:
        _lift(participation, row)
    else:
        undo_last(reference=participation.ref)
    return True


def hold_for_raise(row: Raise) -> Authorisation:
    """The larger hold, from the purse that the first one came from."""
    participation = row.participation
    method = participation.authorisation and participation.authorisation.payment_method
    return reserve(
        journal=participation.market.journal,
        reference=row.ref,
        principal=participation.agent.principal,
        **reserved_amounts(participation.market, row.limit_minor, participation.limit_minor),
        purse=method.purse if method else "",
    )


def refuse_raise(*, row: Raise) -> bool:
    """asking -> refused; the old limit stays."""
    return Raise.objects.filter(pk=row.pk, state=State.ASKING).update(state=State.REFUSED) == 1


def _known(name: str) -> Raise | None:
    rows = Raise.objects.select_related("authorisation", "participation__authorisation", "participation__market")
    return rows.filter(key_hash=name).first()


def _begin(market: Market, identity: Identity, limit_minor: int, name: str) -> Raise:
    try:
        with transaction.atomic():
            locked, at = lock_open(market)
            return _insert(_own(locked, identity, limit_minor), limit_minor, name, at)
    except IntegrityError:
        known = _known(name)
        if known is not None:
            return known
        fix = "Wait for participation.raised, then raise again."
        raise Refusal(409, "raise_pending", "A raise of this limit is under way.", fix) from None


def _own(market: Market, identity: Identity, limit_minor: int) -> Participation:
    rows = Participation.objects.select_related("authorisation__payment_method", "market__journal", "agent__principal")
    active = rows.filter(market=market, agent_id=identity.agent_id, state=Participation.State.ACTIVE).first()
    if active is None:
        raise Refusal(403, "not_joined", "This agent takes no part in the market.", "Join first.")
    if limit_minor <= active.limit_minor:
        detail = "A raise is above the limit that stands; a limit is never lowered."
        raise Refusal(422, "limit_not_raised", detail, "Send a higher limit_minor.", "/limit_minor")
    refuse_off_ladder(market, limit_minor)
    return active


def _insert(participation: Participation, limit_minor: int, name: str, at: datetime) -> Raise:
    chain, market = locked_chain(participation.agent_id), participation.market
    before = participation.limit_minor
    act = act_of(market=market, agent=chain.own.agent, limit_minor=limit_minor, before_minor=before, kind="raise")
    weighed = weigh(chain=chain, act=act, at=at)
    ref, part = new_ref("rai"), participation.ref
    row = Raise(ref=ref, participation=participation, limit_minor=limit_minor, key_hash=name, created_at=at)
    if weighed.verdict.reasons not in ((), ("purse",)):  # the purse was chosen at the joining
        row.state = State.ASKING
        ask(chain=chain, act=act, reference=part, waiting=ref, verdict=weighed.verdict, purses=[], at=at)
    else:
        commit(chain=chain, reference=part, currency=market.currency, more_minor=act.more_minor, at=at)
        row.authorisation = hold_for_raise(row)
    row.save(force_insert=True)
    return row


def _lift(participation: Participation, row: Raise) -> None:
    Participation.objects.filter(pk=participation.pk).update(
        limit_minor=row.limit_minor, authorisation_id=row.authorisation_id
    )
    facts = {"participation": participation.ref, "limit_minor": row.limit_minor}
    streams.append(participation.stream, "participation.raised", facts)


def _refused(row: Raise) -> Refusal:
    if row.authorisation is None:
        return not_approved(CheckIn.objects.filter(waiting=row.ref).latest("pk"))
    return declined(row.authorisation)
