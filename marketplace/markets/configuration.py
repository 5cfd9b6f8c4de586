"""What an operator says to make a market, and whether the rule accepts it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

import mechanisms
from marketplace.core import limits
from marketplace.core.money import CURRENCIES
from marketplace.core.refusals import Refusal, wrong_field
from marketplace.markets.catalogue import rules
from marketplace.markets.deficits import refuse_unbounded
from marketplace.markets.models import Market
from marketplace.markets.money import check_money, settled_money
from marketplace.markets.requests import asked_by, asks, check_request
from marketplace.markets.turns import by_turns, check_ticks, check_turns, first_problem
from marketplace.preferences.categories import refuse_unfit
from mechanisms.types import ProblemError

CATEGORY = re.compile(r"[A-Za-z0-9_.:/@+-]{1,64}")
_SEE_MECHANISMS = "GET /api/v1/mechanisms/ shows each rule with its parameters."


class LotConfiguration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A lot as an operator states it; `seller` and, of a request, `buyer` are agents' refs."""

    id: str
    title: str = ""
    supply: int | None = None
    reserve: int = 0
    seller: str | None = None
    buyer: str | None = None
    category: str | None = None
    attributes: dict[str, Any] = {}


class CancellationTerm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whoever takes a contract back within so many seconds of its acceptance gets so many percent back."""

    within_s: int
    refund_percent: int


class Agenda(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a haggle is about: the values of each issue, and which issue's value the buyer pays the seller."""

    issues: dict[str, list[str | int]]
    transfers: list[dict[str, str]] = []


class MarketConfiguration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A market as an operator states it; it opens at once unless `opens_at` says later."""

    title: str
    mechanism: str
    currency: str
    lots: list[LotConfiguration]
    closes_at: datetime | None = None
    closes_in_s: int | None = None
    opens_at: datetime | None = None
    exponent: int = 2
    params: dict[str, Any] = {}
    description: str = ""
    disclosure: str = "own_only"
    several_agents: bool = False
    money: str = ""  # by size: prepaid where no charge can be large, else authorise
    on_default: str = ""
    deposit_minor: int = 0
    most_minor: int | None = None
    fee_bp: int = 0
    accept_within_s: int = 0
    cancellation: list[CancellationTerm] = []
    agenda: Agenda | None = None


def closing_instant(config: MarketConfiguration, now: datetime) -> datetime:
    """When the market closes, UTC; refused where it is not said once, or out of bounds."""
    if (config.closes_at is None) == (config.closes_in_s is None):
        raise wrong_field("closing_unclear", "Say either closes_at or closes_in_s.", "/closes_at")
    longest = longest_seconds(settled_money(config), config.deposit_minor) - config.accept_within_s
    if (config.closes_in_s or 0) > longest:
        raise wrong_field("closing_out_of_bounds", "The market would be open for too long.", "/closes_in_s")
    opens_at = opening_instant(config, now)
    closes_at = config.closes_at or opens_at + timedelta(seconds=config.closes_in_s or 0)
    if closes_at.tzinfo is None:
        raise wrong_field("instant_without_zone", "An instant needs its offset from UTC.", "/closes_at")
    seconds = (closes_at - opens_at).total_seconds()
    if not limits.MARKET_MIN_SECONDS <= seconds <= longest:
        raise wrong_field("closing_out_of_bounds", f"The market would be open for {seconds:.0f} seconds.", "/closes_at")
    return _utc(closes_at, "/closes_at")


def longest_seconds(money: str, deposit_minor: int = 0) -> int:
    """For how long a market may be open: what is held at joining must live until it is captured."""
    held = money == Market.Money.AUTHORISE or deposit_minor > 0
    return limits.HELD_MARKET_MAX_SECONDS if held else limits.MARKET_MAX_SECONDS


def _utc(moment: datetime, pointer: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise wrong_field("closing_out_of_bounds", "The instant is beyond the calendar.", pointer) from None


def opening_instant(config: MarketConfiguration, now: datetime) -> datetime:
    """When the market opens, UTC."""
    if config.opens_at is None:
        return now
    if config.opens_at.tzinfo is None:
        raise wrong_field("instant_without_zone", "An instant needs its offset from UTC.", "/opens_at")
    return max(now, _utc(config.opens_at, "/opens_at"))


def checked(config: MarketConfiguration) -> None:
    """Refuse what cannot become a market: wrong currency, unknown rule, parameters or lots that it refuses."""
    if config.params.get("direction") == "buy":
        raise wrong_field("direction_not_for_markets", "No market buys yet; the library does.", "/params/direction")
    for index, lot in enumerate(config.lots):
        if len(lot.id) > 64 or len(lot.title) > limits.NAME_CHARS:
            raise wrong_field("text_out_of_bounds", "A lot's id has at most 64 characters.", f"/lots/{index}")
        if lot.category is not None and not CATEGORY.fullmatch(lot.category):
            detail = "A category has 1 to 64 of A-Z a-z 0-9 and _ . : / @ + -."
            raise wrong_field("category_invalid", detail, f"/lots/{index}/category")
    if config.currency not in CURRENCIES:
        raise wrong_field("currency_unknown", f"{config.currency[:8]!r} is not a currency of ours.", "/currency")
    if not 0 <= config.exponent <= 6:
        raise wrong_field("exponent_out_of_range", "The exponent is 0 to 6.", "/exponent")
    if not 1 <= len(config.title) <= limits.NAME_CHARS or len(config.description) > limits.JSON_STRING:
        raise wrong_field("text_out_of_bounds", "The title or the description is empty or too long.", "/title")
    if not 1 <= len(config.lots) <= limits.LOTS_PER_MARKET:
        raise wrong_field("lots_out_of_bounds", f"A market has 1 to {limits.LOTS_PER_MARKET} lots.", "/lots")
    if config.disclosure not in ("own_only", "pseudonymous", "public"):
        raise wrong_field("disclosure_unknown", "disclosure is own_only, pseudonymous or public.", "/disclosure")
    check_money(config)
    _check_contracts(config)
    check_turns(config)
    check_request(config)
    refuse_unfit(config.lots)
    _accepted_by_rule(config)


def _check_contracts(config: MarketConfiguration) -> None:
    """Refuse terms of acceptance and cancellation that nobody could keep."""
    if not 0 <= config.accept_within_s <= limits.ACCEPT_MAX_SECONDS:
        raise wrong_field("acceptance_out_of_bounds", "Sellers have at most two days to accept.", "/accept_within_s")
    terms, bounds = config.cancellation, limits.CANCELLATION_TERMS
    fits = all(term.within_s > 0 and 0 <= term.refund_percent <= 100 for term in terms)
    if len(terms) > bounds or not fits:
        detail = f"At most {bounds} terms, each with seconds above 0 and 0 to 100 percent."
        raise wrong_field("cancellation_invalid", detail, "/cancellation")


def _accepted_by_rule(config: MarketConfiguration) -> None:
    """An empty problem of this configuration must be one that the rule runs (and calls `no_trade`)."""
    lots = [problem_lot(lot) for lot in config.lots]
    if config.mechanism not in {rule["slug"] for rule in rules()}:
        raise wrong_field("mechanism_not_for_markets", f"No market clears by {config.mechanism[:64]!r}.", "/mechanism")
    try:
        if asks(config.mechanism):
            mechanisms.run(config.mechanism, asked_by(config.lots[0].category).problem(config))
        elif by_turns(config.mechanism):
            mechanisms.start(config.mechanism, first_problem(config, msgspec.to_builtins(config.agenda), lots))
        else:
            stated = {"params": config.params, "currency": config.currency, "exponent": config.exponent}
            problem = {"mechanism": config.mechanism, **stated, "lots": lots, "bids": []}
            mechanisms.run(config.mechanism, problem, config.params, "00")
    except ProblemError as error:
        raise Refusal(422, error.code, error.detail, _SEE_MECHANISMS, error.pointer) from None
    if by_turns(config.mechanism):
        check_ticks(config, longest_seconds(settled_money(config), config.deposit_minor))
    refuse_unbounded(config)


def problem_lot(lot: LotConfiguration) -> dict[str, Any]:
    """The lot as a problem file writes it, defaults left out."""
    stated = {
        "supply": lot.supply,
        "seller": lot.seller,
        "reserve": lot.reserve,
        "category": lot.category,
        "attributes": lot.attributes or None,
    }
    return {"id": lot.id} | {name: value for name, value in stated.items() if value is not None}
