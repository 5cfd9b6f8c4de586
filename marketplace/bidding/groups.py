"""One group of bids: decided under the markets' locks at one instant, and committed together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.participations import refuse_unless_open
from marketplace.bidding.submissions import Submission
from marketplace.core import clock, streams
from marketplace.core.idempotency import reused
from marketplace.core.money import minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal, not_found
from marketplace.markets.models import Market

Place = tuple[int, int]  # market, agent


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one submission: a stored bid (new or known), or a refusal."""

    bid: Bid | None = None
    participation_ref: str = ""
    refusal: Refusal | None = None


@dataclass
class Books:
    """What the group needs to know, read once under the locks, and what it will write."""

    at: datetime
    markets: dict[int, Market]
    participations: dict[Place, Participation]
    known: dict[str, Bid]
    standing: dict[int, Bid]
    new: list[Bid]
    replaced: list[Bid]


def commit_group(submissions: Sequence[Submission]) -> list[Decision]:
    """Decide each submission alone, write all of them in one transaction; decisions in the order given."""
    with transaction.atomic():
        books = _open_books(submissions)
        decisions = [_decide(submission, books) for submission in submissions]
        _write(books)
    return decisions


def _open_books(submissions: Sequence[Submission]) -> Books:
    """Lock the markets in id order, then read the clock: that instant decides for the whole group."""
    ids = sorted({submission.terms.market_id for submission in submissions})
    markets = {m.pk: m for m in Market.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    at = clock.now()
    agents = {submission.identity.agent_id for submission in submissions}
    rows = Participation.objects.filter(market_id__in=ids, agent_id__in=agents).exclude(state="refused")
    participations = {(row.market_id, row.agent_id): row for row in rows}
    keys = [submission.key_hash for submission in submissions]
    known = {bid.key_hash: bid for bid in Bid.objects.select_related("participation").filter(key_hash__in=keys)}
    accepted = Bid.objects.filter(participation__in=participations.values(), status=Bid.Status.ACCEPTED)
    standing = {bid.participation_id: bid for bid in accepted}
    return Books(at, markets, participations, known, standing, [], [])


def _decide(submission: Submission, books: Books) -> Decision:
    try:
        known = books.known.get(submission.key_hash)
        if known is not None:
            return _repeated(known, submission)
        market = books.markets[submission.terms.market_id]
        refuse_unless_open(market.state, market.closes_at <= books.at, market.ref)
        participation = _participation(submission, books)
        _refuse_over_limit(submission, participation)
        return Decision(_accept(submission, market, participation, books), participation.ref)
    except Refusal as refusal:
        return Decision(refusal=refusal)


def _repeated(known: Bid, submission: Submission) -> Decision:
    if known.body_hash != submission.body_hash:
        raise reused()
    return Decision(known, known.participation.ref)


def _participation(submission: Submission, books: Books) -> Participation:
    row = books.participations.get((submission.terms.market_id, submission.identity.agent_id))
    if row is not None and row.state == Participation.State.ACTIVE:
        return row
    join = f"POST /api/v1/markets/{submission.terms.ref}/participations/ with a limit_minor, then bid."
    if row is None:
        raise Refusal(403, "not_joined", "This agent has not joined the market.", join)
    raise Refusal(409, "join_pending", "The joining is not complete yet.", "Wait for participation.active, then bid.")


def _refuse_over_limit(submission: Submission, participation: Participation) -> None:
    if submission.worst_minor <= participation.limit_minor:
        return
    currency = submission.terms.currency
    worst, limit = (minor_text(a, currency) for a in (submission.worst_minor, participation.limit_minor))
    raise Refusal(
        403,
        "over_limit",
        f"This bid could cost {worst}; the participation's limit is {limit}.",
        "Bid less, or join with a higher limit.",
    )


def _accept(submission: Submission, market: Market, participation: Participation, books: Books) -> Bid:
    _make_room(submission, participation, books)
    market.last_bid += 1
    ref = new_ref("bid")
    bid = Bid(
        ref=ref,
        market=market,
        participation=participation,
        seq=market.last_bid,
        content=submission.content,
        receipt=submission.receipt(ref),
        key_hash=submission.key_hash,
        body_hash=submission.body_hash,
        at=books.at,
    )
    books.new.append(bid)
    books.standing[participation.pk] = books.known[bid.key_hash] = bid
    return bid


def _make_room(submission: Submission, participation: Participation, books: Books) -> None:
    """One standing bid a participation: a further one must name the one it replaces."""
    standing = books.standing.get(participation.pk)
    if submission.replaces is None and standing is None:
        return
    if standing is None or submission.replaces not in (None, standing.ref):
        raise not_found("bid", submission.replaces or "")
    if submission.replaces is None:
        raise Refusal(
            409,
            "bid_stands",
            f"The bid {standing.ref} stands already.",
            f'Send "replaces": "{standing.ref}" to replace it.',
            extra={"standing": standing.ref},
        )
    standing.status = Bid.Status.REPLACED
    books.replaced.append(standing)


def _write(books: Books) -> None:
    if not books.new:
        return
    stored = [bid for bid in books.replaced if bid.pk]
    Bid.objects.filter(pk__in=[bid.pk for bid in stored]).update(status=Bid.Status.REPLACED)
    Bid.objects.bulk_create(books.new)
    touched = {bid.market_id: books.markets[bid.market_id] for bid in books.new}
    Market.objects.bulk_update(touched.values(), ["last_bid"])
    entries = [
        streams.Entry(bid.participation.stream, "bid.accepted", {"bid": bid.ref, "receipt": bid.receipt})
        for bid in books.new
    ]
    streams.append_all(entries, books.at)
