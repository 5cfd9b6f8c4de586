"""Joining a market: once, with a limit that is held on the payer's card."""

from datetime import datetime

from django.db import IntegrityError, transaction

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity
from marketplace.bidding.acts import act_of, looks_back, weigh
from marketplace.bidding.dealing import refuse_self_dealing
from marketplace.bidding.ladder import refuse_off_ladder
from marketplace.bidding.models import Participation
from marketplace.bidding.parties import begin_haggle, refuse_taken_seat
from marketplace.core import clock, streams
from marketplace.core.idempotency import key_hash, reused
from marketplace.core.money import minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.mandates.ceilings import commit
from marketplace.mandates.checkins import ask
from marketplace.mandates.grants import locked_chain
from marketplace.mandates.models import CheckIn
from marketplace.markets.catalogue import rule
from marketplace.markets.invitations import refuse_uninvited
from marketplace.markets.models import Market
from marketplace.markets.money import reserved_amounts
from marketplace.markets.sellers import refuse_unpayable_offerer
from marketplace.settlement.models import Authorisation
from marketplace.settlement.services import authorise, reserve, with_card_page

State = Participation.State


def join_market(*, market: Market, identity: Identity, limit_minor: int, key: str) -> Participation:
    """Join under a limit; the hold is placed outside any transaction, and a repeat with the same key resumes.

    Returns an `active` participation, a `pending` one where the processor has not answered clearly yet, or an
    `asking` one where the agent's person must say yes first; a sweep completes these. Refused: market not open,
    joined before, outside of the mandate, no payment method, card declined.
    """
    name = key_hash("join", market.ref, identity.agent_ref, key)
    participation = Participation.objects.select_related("authorisation").filter(key_hash=name).first()
    if participation is None:
        participation = _enter(market, identity, limit_minor, name)
    elif participation.limit_minor != limit_minor:
        raise reused()
    if participation.state == State.PENDING:
        place_hold(participation=participation)
    if participation.state == State.REFUSED:
        raise _refused(participation)
    return participation


def place_hold(*, participation: Participation) -> None:
    """Ask the processor for the hold, outside any transaction, and complete the join if it has answered."""
    assert participation.authorisation is not None  # noqa: S101 - a pending one has its hold
    authorise(authorisation=participation.authorisation)
    complete_join(participation=participation)
    participation.refresh_from_db()


def _enter(market: Market, identity: Identity, limit_minor: int, name: str) -> Participation:
    if limit_minor < 0:
        raise Refusal(400, "out_of_range", "A limit is 0 or more.", "Send the most you may be charged.", "/limit_minor")
    refuse_off_ladder(market, limit_minor)
    try:
        with transaction.atomic():
            locked, at = lock_open(market)
            refuse_uninvited(locked, identity)
            refuse_self_dealing(locked, identity)
            _refuse_full(locked, identity)
            refuse_taken_seat(locked, identity)
            return _insert(locked, identity, limit_minor, name, at)
    except Refusal as refusal:
        raise with_card_page(refusal, principal_id=identity.principal_id) from None
    except IntegrityError:
        known = Participation.objects.select_related("authorisation").filter(key_hash=name).first()
        if known is not None:
            return known
        raise Refusal(
            409, "already_joined", "This agent has joined this market.", "Bid under the participation that you have."
        ) from None


def _refuse_full(market: Market, identity: Identity) -> None:
    """Refuse one bidder more than the rule takes, rather than fail the whole round at its clearing."""
    most = rule(market.mechanism).sizes.bids
    others = Participation.objects.filter(market=market).exclude(state=State.REFUSED)
    if others.exclude(agent_id=identity.agent_id).count() >= most:
        detail = f"{market.ref} has the {most} bidders that its rule takes at most."
        raise Refusal(409, "market_full", detail, "Join another market: GET markets/?state=open.")


def _insert(market: Market, identity: Identity, limit_minor: int, name: str, at: datetime) -> Participation:
    ref, chain = new_ref("prt"), locked_chain(identity.agent_id)
    agent = chain.own.agent
    refuse_unpayable_offerer(market, agent)
    act = act_of(market=market, agent=agent, limit_minor=limit_minor, look_back=looks_back(chain))
    weighed = weigh(chain=chain, act=act, at=at)
    participation = Participation(
        ref=ref, market=market, agent=agent, limit_minor=limit_minor, key_hash=name, created_at=at
    )
    if weighed.asks:
        participation.state = State.ASKING
        verdict, choices = weighed.verdict, weighed.choices
        ask(chain=chain, act=act, reference=ref, waiting=ref, verdict=verdict, purses=choices, at=at)
    else:
        commit(chain=chain, reference=ref, currency=market.currency, more_minor=limit_minor, at=at)
        participation.authorisation = hold_for(participation, weighed.purse)
    participation.save(force_insert=True)
    streams.open_stream(participation.stream)
    for stream in (market.stream, participation.stream):
        streams.forward(stream, inbox_of(identity.agent_ref), {"market": market.ref})
    return participation


def hold_for(participation: Participation, purse: str) -> Authorisation:
    """The hold to be made for a participation."""
    return reserve(
        journal=participation.market.journal,
        reference=participation.ref,
        principal=participation.agent.principal,
        **reserved_amounts(participation.market, participation.limit_minor),
        purse=purse,
    )


def lock_open(market: Market) -> tuple[Market, datetime]:
    """The market under its lock, and the instant after it was had; refused unless it is open then."""
    locked = Market.objects.select_for_update().get(pk=market.pk)
    at = clock.now()
    refuse_unless_open(locked.state, locked.closes_at <= at, locked.ref)
    return locked, at


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
    held = hold.state == Authorisation.State.AUTHORISED and not hold.release_due
    joined = held and market.state == Market.State.OPEN
    state = State.ACTIVE if joined else State.REFUSED
    if Participation.objects.filter(pk=participation.pk, state=State.PENDING).update(state=state) != 1:
        return False
    facts = {"participation": participation.ref, "limit_minor": participation.limit_minor, "state": state}
    entries = [streams.Entry(participation.stream, f"participation.{state}", facts)]
    if joined:
        market.participants += 1
        Market.objects.filter(pk=market.pk).update(participants=market.participants)
        joiners = {"participants": market.participants}
        entries.append(streams.Entry(market.stream, "market.joined", joiners, forwarded=False))
        entries += begin_haggle(market)
    streams.append_all(entries)
    return True


def refuse_join(*, participation: Participation) -> bool:
    """asking -> refused: the person said no, or nothing, or it had become impossible. Inside a transaction."""
    rows = Participation.objects.filter(pk=participation.pk, state=State.ASKING)
    if rows.update(state=State.REFUSED) != 1:
        return False
    facts = {"participation": participation.ref, "limit_minor": participation.limit_minor, "state": State.REFUSED}
    streams.append(participation.stream, "participation.refused", facts)
    return True


def _refused(participation: Participation) -> Refusal:
    if participation.authorisation is None:
        return not_approved(CheckIn.objects.filter(waiting=participation.ref).latest("pk"))
    return declined(participation.authorisation)


def not_approved(checkin: CheckIn) -> Refusal:
    """The refusal of an act that the person was asked about and that came to nothing."""
    fix = "Do not ask the same again; choose something else."
    if checkin.state == CheckIn.State.DECLINED:
        return Refusal(403, "checkin_declined", "Your person said no.", fix, extra={"checkin": checkin.ref})
    if checkin.state == CheckIn.State.LAPSED:
        detail, fix = "Your person did not answer in time.", "Ask earlier, with a new Idempotency-Key."
        return Refusal(403, "checkin_unanswered", detail, fix, extra={"checkin": checkin.ref})
    detail = f"Your person said yes, but then it was not possible any more ({checkin.outcome})."
    return Refusal(409, "checkin_void", detail, "Look at the market, then try anew.", extra={"checkin": checkin.ref})


def declined(hold: Authorisation) -> Refusal:
    """The refusal where the card did not bear the hold, or not for long enough."""
    if hold.decline_code == "hold_too_short":
        ends, needed = clock.stamp(hold.capture_before), clock.stamp(hold.needed_until)
        return Refusal(
            409,
            "hold_too_short",
            f"The card holds the money until {ends or 'nobody says when'}; this market has settled by {needed}.",
            "Use another card, or join when the close is nearer, with a new Idempotency-Key.",
        )
    return Refusal(
        402,
        "payment_declined",
        f"The hold of {minor_text(hold.amount_minor, hold.currency)} was declined "
        f"({hold.decline_code or 'generic_decline'}).",
        "Use another payment method or a lower limit, with a new Idempotency-Key.",
    )
