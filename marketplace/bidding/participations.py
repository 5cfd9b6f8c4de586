"""Joining a market: once, with a limit that is held on the payer's card."""

from django.db import IntegrityError, transaction

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity
from marketplace.agents.models import Principal
from marketplace.bidding.models import Participation
from marketplace.core import clock, streams
from marketplace.core.idempotency import key_hash, reused
from marketplace.core.money import minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.settlement.models import Authorisation
from marketplace.settlement.services import authorise, reserve

State = Participation.State


def join_market(*, market: Market, identity: Identity, limit_minor: int, key: str) -> Participation:
    """Join under a limit; the hold is placed outside any transaction, and a repeat with the same key resumes.

    Returns an `active` participation, or a `pending` one where the processor has not answered clearly yet
    (a sweep completes it). Refused: market not open, joined before, no payment method, card declined.
    """
    name = key_hash("join", market.ref, identity.agent_ref, key)
    participation = Participation.objects.select_related("authorisation").filter(key_hash=name).first()
    if participation is None:
        participation = _enter(market, identity, limit_minor, name)
    elif participation.limit_minor != limit_minor:
        raise reused()
    if participation.state == State.PENDING:
        authorise(authorisation=participation.authorisation)
        complete_join(participation=participation)
        participation.refresh_from_db()
    if participation.state == State.REFUSED:
        raise _declined(participation)
    return participation


def _enter(market: Market, identity: Identity, limit_minor: int, name: str) -> Participation:
    if limit_minor < 0:
        raise Refusal(400, "out_of_range", "A limit is 0 or more.", "Send the most you may be charged.", "/limit_minor")
    try:
        with transaction.atomic():
            locked = Market.objects.select_for_update().get(pk=market.pk)
            at = clock.now()
            refuse_unless_open(locked.state, locked.closes_at <= at, locked.ref)
            return _insert(locked, identity, limit_minor, name)
    except IntegrityError:
        known = Participation.objects.select_related("authorisation").filter(key_hash=name).first()
        if known is not None:
            return known
        raise Refusal(
            409, "already_joined", "This agent has joined this market.", "Bid under the participation that you have."
        ) from None


def _insert(market: Market, identity: Identity, limit_minor: int, name: str) -> Participation:
    ref = new_ref("prt")
    principal = Principal.objects.get(pk=identity.principal_id)
    hold = reserve(journal=market.journal, reference=ref, principal=principal, amount_minor=limit_minor)
    participation = Participation.objects.create(
        ref=ref,
        market=market,
        agent_id=identity.agent_id,
        limit_minor=limit_minor,
        authorisation=hold,
        key_hash=name,
        created_at=clock.now(),
    )
    streams.open_stream(participation.stream)
    for stream in (market.stream, participation.stream):
        streams.forward(stream, inbox_of(identity.agent_ref), {"market": market.ref})
    return participation


def refuse_unless_open(state: str, past_close: bool, ref: str) -> None:
    """The one refusal for everything that needs an open market."""
    if state == Market.State.OPEN and not past_close:
        return
    word = "closed" if past_close else state
    raise Refusal(409, "market_not_open", f"The market {ref} is {word}.", "List open markets: GET markets/?state=open.")


@transaction.atomic
def complete_join(*, participation: Participation) -> bool:
    """pending -> active or refused, as its hold has turned out; False while that is not known."""
    hold = Authorisation.objects.get(pk=participation.authorisation_id)
    if hold.state in (Authorisation.State.PENDING, Authorisation.State.UNKNOWN):
        return False
    market = Market.objects.select_for_update().get(pk=participation.market_id)
    joined = hold.state == Authorisation.State.AUTHORISED and market.state == Market.State.OPEN
    state = State.ACTIVE if joined else State.REFUSED
    if Participation.objects.filter(pk=participation.pk, state=State.PENDING).update(state=state) != 1:
        return False
    facts = {"participation": participation.ref, "limit_minor": participation.limit_minor, "state": state}
    entries = [streams.Entry(participation.stream, f"participation.{state}", facts)]
    if joined:
        market.participants += 1
        market.save(update_fields=["participants"])
        joiners = {"participants": market.participants}
        entries.append(streams.Entry(market.stream, "market.joined", joiners, forwarded=False))
    streams.append_all(entries)
    return True


def _declined(participation: Participation) -> Refusal:
    hold = participation.authorisation
    amount = minor_text(participation.limit_minor, hold.currency)
    return Refusal(
        402,
        "payment_declined",
        f"The hold of {amount} was declined ({hold.decline_code or 'generic_decline'}).",
        "Use another payment method or a lower limit, with a new Idempotency-Key.",
    )
