"""How a market takes money: one choice in its configuration, fixed at its opening and known before anybody bids."""

from datetime import timedelta
from typing import Any, Protocol

from marketplace.core.limits import FEE_MAX_BP, MAX_CHARGE_MINOR, SETTLING_SECONDS
from marketplace.core.money import charge_step, least_charge, minor_text, percent_text
from marketplace.core.refusals import Refusal, wrong_field
from marketplace.markets.catalogue import rule
from marketplace.markets.deficits import deficit_words, most_lacking_minor
from marketplace.markets.models import Market
from marketplace.markets.turns import last_round_s

Money, OnDefault = Market.Money, Market.OnDefault
AUCTION = "auction"  # of other kinds there is no next best
SMALL = 10  # times the least charge: what is below is paid from a balance, unless a market says otherwise
WORDS = {
    Money.AUTHORISE: "Your limit is held on your card when you join; what you are charged is taken from it.",
    Money.CHARGE: "Nothing is held; your saved card is charged what you owe once the market has cleared.",
    Money.PREPAID: "Your limit is held of your prepaid balance when you join; what you are charged is taken from it.",
}
DEFAULT_WORDS = {
    OnDefault.NEXT_BEST: "If a winner's card is declined, the market clears again without that winner.",
    OnDefault.DEPOSIT: "If a winner's card is declined, its deposit goes to the sellers and nothing is sold.",
    OnDefault.VOID: "If a winner's card is declined, nothing is sold and nobody pays.",
}


class Stated(Protocol):
    """What a configuration says of money."""

    @property
    def currency(self) -> str: ...
    @property
    def money(self) -> str: ...
    @property
    def on_default(self) -> str: ...
    @property
    def deposit_minor(self) -> int: ...
    @property
    def most_minor(self) -> int | None: ...
    @property
    def fee_bp(self) -> int: ...


def check_money(stated: Stated) -> None:
    """Refuse terms that do not go together, or amounts that no card can be charged."""
    if stated.money not in ("", *Money.values):
        raise wrong_field("money_unknown", f"money is {' or '.join(Money.values)}.", "/money")
    fitting = ("", *OnDefault.values) if stated.money == Money.CHARGE else ("",)
    if stated.on_default not in fitting:
        detail = f"on_default ({', '.join(OnDefault.values)}) goes with money charge, and only with it."
        raise wrong_field("on_default_misplaced", detail, "/on_default")
    _check_deposit(stated)
    if stated.most_minor is not None and not 0 < stated.most_minor <= MAX_CHARGE_MINOR:
        most = minor_text(MAX_CHARGE_MINOR, stated.currency)
        raise wrong_field("charge_out_of_bounds", f"One charge is at most {most}.", "/most_minor")
    if not 0 <= stated.fee_bp <= FEE_MAX_BP:
        detail = f"A fee is 0 to {FEE_MAX_BP} hundredths of a percent: at most {percent_text(FEE_MAX_BP)}."
        raise wrong_field("fee_out_of_bounds", detail, "/fee_bp")


def _check_deposit(stated: Stated) -> None:
    wanted = stated.on_default == OnDefault.DEPOSIT
    least, step = least_charge(stated.currency), charge_step(stated.currency)
    fits = least <= stated.deposit_minor <= MAX_CHARGE_MINOR and stated.deposit_minor % step == 0
    if wanted != bool(stated.deposit_minor) or (wanted and not fits):
        detail = f"deposit_minor goes with on_default deposit, and is at least {minor_text(least, stated.currency)}."
        raise wrong_field("deposit_out_of_bounds", detail, "/deposit_minor")


def settled_money(stated: Stated) -> str:
    """How money is taken, where it is left out: small charges from a balance, others by a hold."""
    small = stated.most_minor is not None and stated.most_minor < SMALL * least_charge(stated.currency)
    return stated.money or (Money.PREPAID if small else Money.AUTHORISE)


def settle_terms(market: Market) -> None:
    """Write down what was left out: how money is taken, and what a default leads to."""
    market.money = settled_money(market)
    if market.money == Money.CHARGE and not market.on_default:
        market.on_default = OnDefault.NEXT_BEST if rule(market.mechanism).kind == AUCTION else OnDefault.VOID


def money_answer(market: Market) -> dict[str, Any]:
    """How this market takes money, in numbers and in words."""
    words = [WORDS[Money(market.money)]]
    words += [DEFAULT_WORDS[OnDefault(market.on_default)]] if market.on_default else []
    words += [deficit_words(market)] if most_lacking_minor(market) else []
    if market.deposit_minor:
        words.append(f"Joining holds a deposit of {minor_text(market.deposit_minor, market.currency)}.")
    words += [fee_words(market)] if market.fee_bp else []
    return {
        "money": market.money,
        "on_default": market.on_default or None,
        "deposit_minor": market.deposit_minor,
        "most_minor": market.most_minor,
        "fee_bp": market.fee_bp,
        "means": " ".join(words),
    }


def fee_words(market: Market) -> str:
    """What the platform keeps, in words; empty where it keeps nothing."""
    if not market.fee_bp:
        return ""
    return f"The platform keeps {percent_text(market.fee_bp)} of what a seller receives; a buyer pays no fee."


def reserved_amounts(market: Market, limit_minor: int, before_minor: int = 0) -> dict[str, Any]:
    """What joining under a limit holds now, and what may be charged later.

    `before_minor` is held already: a card bears the larger hold beside it, a balance only what comes on top.
    """
    if market.most_minor is not None and limit_minor > market.most_minor:
        most = minor_text(market.most_minor, market.currency)
        fix = f"Send a limit_minor of at most {market.most_minor}."
        detail = f"No charge in this market is above {most}."
        raise Refusal(422, "limit_above_most", detail, fix, "/limit_minor")
    seconds = last_round_s(market) + market.accept_within_s + SETTLING_SECONDS
    until = market.closes_at + timedelta(seconds=seconds)
    if market.money == Money.CHARGE:
        deposit = market.deposit_minor if limit_minor else 0
        return {"amount_minor": deposit, "later_minor": limit_minor, "needed_until": until}
    if market.money == Money.PREPAID:
        return {"amount_minor": limit_minor - before_minor, "prepaid": True}
    return {"amount_minor": limit_minor, "needed_until": until}


def assumed(market: Market, assumes: list[str]) -> list[str]:
    """What a claim assumes in this market: where a charge can be declined after the clearing, also that none is."""
    return [*assumes, "no_default"] if market.money == Money.CHARGE else assumes
