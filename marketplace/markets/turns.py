"""Markets whose rule unfolds in moves: what they start from, and what may be configured."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import mechanisms
from marketplace.core import limits
from marketplace.core.refusals import Refusal, wrong_field
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Market

BUYER, SELLER = "buyer", "seller"
HAGGLING = "haggling"
LONG_AGO, LATER = "2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"  # a problem to be looked at needs some time


class Stated(Protocol):
    """What a market or its configuration says of its rule."""

    @property
    def mechanism(self) -> str: ...
    @property
    def params(self) -> Any: ...
    @property
    def currency(self) -> str: ...
    @property
    def exponent(self) -> int: ...


def by_turns(mechanism: str) -> bool:
    """Whether the rule is played in moves; bids are for all others."""
    return rule(mechanism).by_turns


def haggles(mechanism: str) -> bool:
    """Whether two parties haggle by it: the seller of the lots, and one buyer."""
    return rule(mechanism).kind == HAGGLING


def first_problem(
    stated: Stated,
    agenda: Mapping[str, Any] | None,
    lots: Sequence[Mapping[str, Any]],
    course: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """The problem before the first move. `names`: of all bidders; of a haggle the buyer, then the seller."""
    times = course or {"opened_at": LONG_AGO, "closes_at": LATER}
    head = {"mechanism": stated.mechanism, "currency": stated.currency, "exponent": stated.exponent}
    params = dict(stated.params)
    if not haggles(stated.mechanism):
        return {**head, "params": params, "lots": list(lots), "bidders": sorted(names), **times}
    called = dict(zip((BUYER, SELLER), names or (BUYER, SELLER), strict=True))
    if "first" in params:
        params["first"] = called.get(params["first"], params["first"])
    transfers = [
        {name: part if name == "issue" else called.get(part, part) for name, part in transfer.items()}
        for transfer in (agenda or {}).get("transfers", [])
    ]
    parties: dict[str, Any] = {name: {} for name in called.values()}
    issues = (agenda or {}).get("issues", {})
    return {**head, "params": params, "issues": issues, "parties": parties, "transfers": transfers, **times}


def last_round_s(stated: Stated) -> int:
    """For how long after its close a clock may still run: the round that is under way then is played to its end."""
    return int(getattr(rule(stated.mechanism).read_params(stated.params), "round_s", None) or 0)


def refuse_turns(market: Market) -> None:
    """Refuse to end by hand what ends by moves."""
    if by_turns(market.mechanism):
        detail = "This rule is played in moves and ends by them; nobody can say what it would have come to."
        raise Refusal(409, "ends_by_moves", detail, "Wait for its close, or cancel it.")


def check_turns(config: Any) -> None:
    """Refuse what a rule of turns cannot have, and an agenda where nobody haggles; a rule is known or not elsewhere."""
    known = config.mechanism in {spec.slug for spec in mechanisms.specs()}
    if known and haggles(config.mechanism):
        _check_agenda(config)
    elif config.agenda is not None:
        raise wrong_field("agenda_misplaced", "Only a haggle has an agenda.", "/agenda")
    if not known or not by_turns(config.mechanism):
        return
    if config.accept_within_s:
        detail = "Who sells by moves has made or accepted the deal: there is nothing left to accept."
        raise wrong_field("acceptance_out_of_bounds", detail, "/accept_within_s")
    if config.on_default == Market.OnDefault.NEXT_BEST:
        detail = "Where moves decided there is no next best: on_default is void or deposit."
        raise wrong_field("on_default_misplaced", detail, "/on_default")


def _check_agenda(config: Any) -> None:
    if config.agenda is None:
        raise wrong_field("agenda_missing", "A haggle says in agenda.issues what it is about.", "/agenda")
    if len({lot.seller for lot in config.lots} - {None}) != 1 or any(lot.seller is None for lot in config.lots):
        raise wrong_field("seller_missing", "In a haggle one agent sells everything there is.", "/lots/0/seller")
    issues = config.agenda.issues
    values = [value for own in issues.values() for value in own]
    long = any(len(text) > limits.ISSUE_CHARS for text in (*issues, *values) if isinstance(text, str))
    if not issues or len(issues) > limits.ISSUES or len(values) > limits.ISSUE_VALUES or long:
        bounds = (limits.ISSUES, limits.ISSUE_VALUES, limits.ISSUE_CHARS)
        detail = "1 to {} issues of {} values in all, each of {} letters at most.".format(*bounds)
        raise wrong_field("agenda_out_of_bounds", detail, "/agenda/issues")
    if config.params.get("first", "") not in ("", BUYER, SELLER):
        raise wrong_field("unknown_party", "The first is the buyer or the seller.", "/params/first")
    prices = (value for transfer in config.agenda.transfers for value in issues.get(transfer.get("issue", ""), ()))
    if any(isinstance(value, int) and value > limits.ISSUE_MOST for value in prices):
        raise wrong_field("agenda_out_of_bounds", "A price is at most 10^12 units.", "/agenda/issues")


def check_ticks(config: Any, longest_s: int) -> None:
    """Each tick of a clock is a move that is kept: their number is bounded, and so is a round. Params fit the rule."""
    params = rule(config.mechanism).read_params(config.params).model_dump()
    ticks = 0
    if params.get("batch_s"):
        ticks = (config.closes_in_s or longest_s) // params["batch_s"]
    elif "decrement" in params:
        ticks = params["start"] // params["decrement"]
    if ticks > limits.CLOCK_MOVES:
        raise wrong_field(
            "clock_out_of_bounds", f"The clock would move more than {limits.CLOCK_MOVES} times.", "/params"
        )
    if max(params.get("round_s", 0), params.get("soft_close_s", 0)) > limits.TURN_SECONDS:
        raise wrong_field("clock_out_of_bounds", f"A round is at most {limits.TURN_SECONDS} seconds.", "/params")
