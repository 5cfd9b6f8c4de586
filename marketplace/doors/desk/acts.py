"""The buttons of a market's life: what each does, when it stands there, and what it asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from marketplace.core import clock
from marketplace.core.refusals import Refusal
from marketplace.markets.drafts import clone_market, open_draft
from marketplace.markets.early import close_early
from marketplace.markets.extending import extend_market
from marketplace.markets.models import Market, Round
from marketplace.markets.services import cancel_market, clear_again


@dataclass(frozen=True)
class Asked:
    """What the operator said beside the button."""

    by: str
    reason: str = ""
    closes_at: str = ""


@dataclass(frozen=True)
class Act:
    """One button: `asks` names the field that it needs, `warns` says what it leads to."""

    name: str
    label: str
    warns: str
    asks: str
    offered: Callable[[Market, Round | None], bool]
    do: Callable[[Market, Asked], object]


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        fix = "Write it such as 2026-12-24T18:00, in UTC."
        raise Refusal(422, "closing_unclear", "That is no instant.", fix, "/closes_at") from None


def _draft(market: Market, last: Round | None) -> bool:
    return market.state == Market.State.DRAFT


def _open(market: Market, last: Round | None) -> bool:
    return market.state == Market.State.OPEN and market.closes_at > clock.now()


def _extensible(market: Market, last: Round | None) -> bool:
    return _open(market, last) and market.participants == 0


def _failed(market: Market, last: Round | None) -> bool:
    return market.state == Market.State.CLOSED and last is not None and last.state == Round.State.FAILED


def _cancellable(market: Market, last: Round | None) -> bool:
    return _draft(market, last) or market.state == Market.State.OPEN or _failed(market, last)


ACTS = (
    Act(
        *("open", "Open now", "Agents may join at once. The rule and its parameters stand from the first one on.", ""),
        *(_draft, lambda market, asked: open_draft(market=market)),
    ),
    Act(
        *("extend", "Extend", "Only while nobody has joined.", "closes_at", _extensible),
        lambda market, asked: extend_market(market=market, closes_at=_instant(asked.closes_at), by=asked.by),
    ),
    Act(
        *("close", "Close early", "Bidding ends now and the market clears. Everybody reads the reason.", "reason"),
        *(_open, lambda market, asked: close_early(market=market, reason=asked.reason, by=asked.by)),
    ),
    Act(
        *("clear", "Clear again", "A new round over the same bids.", ""),
        *(_failed, lambda market, asked: clear_again(market=market, by=asked.by)),
    ),
    Act(
        *("cancel", "Cancel", "Nothing is traded and every hold is released. Everybody reads the reason.", "reason"),
        *(_cancellable, lambda market, asked: cancel_market(market=market, reason=asked.reason, by=asked.by)),
    ),
    Act(
        *("clone", "Clone", "A new draft with the same terms and lots.", ""),
        *(lambda market, last: True, lambda market, asked: clone_market(market=market)),
    ),
)


def offered(market: Market, last: Round | None) -> list[Act]:
    """The buttons that this market has now."""
    return [act for act in ACTS if act.offered(market, last)]
