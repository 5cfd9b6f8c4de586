"""The report of a market's standing round: what may be told goes to the press, and the last reports are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from marketplace.clearing.explanations import standing_round
from marketplace.core import limits
from marketplace.core.money import amount_text
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from marketplace.reports.models import Imported
from marketplace.reports.papers.telling import Level
from marketplace.reports.queries import pseudonym
from mechanisms import get
from mechanisms.strict_json import parse

LEVELS: dict[str, Level] = {
    Market.Disclosure.OWN_ONLY: "all",
    Market.Disclosure.PSEUDONYMOUS: "named",
    Market.Disclosure.PUBLIC: "public",
}
UNTOLD = {
    "all": "This market tells everybody its prices and quantities, and each agent its own result; bids stay sealed.",
    "named": "This market tells who traded, by pseudonym, but no bids: other rules cannot be tried on them.",
    "public": "All bids of this market are told: anybody can make its outcome again from the package, rule and seed.",
}
RECORDED = "Others published this outcome. It adds up; no rule here makes it again."
PRESS = (sys.executable, "-m", "marketplace.reports.papers.press")
STYLE = Path(__file__).with_name("paper.css").read_text()
# One style, which stands in the page so that a saved page keeps it; nothing else is loaded, run or sent.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Paper:
    """One report in both forms."""

    html: str
    pdf: bytes


_kept: dict[tuple[str, Level], Paper] = {}
_press = Lock()


def market_paper(market: Market, *, in_full: bool = False) -> Paper:
    """The report as the market's disclosure allows, or in full for its operator; refused while there is no outcome.

    A round's report never changes, so it is made once and kept a while; one is made at a time.
    """
    level: Level = "public" if in_full else LEVELS[market.disclosure]
    standing = market.rounds.filter(state=Round.State.CLEARED).order_by("-n").values_list("ref", flat=True).first()
    return _kept.get((standing or "", level)) or _new(market, level)


def _new(market: Market, level: Level) -> Paper:
    round_ = standing_round(market)
    if len(round_.problem) > limits.PAPER_CHARS:
        raise _too_long(f"The bids of this market are more than {limits.PAPER_CHARS:,} characters.")
    with _turn():
        paper = _kept.get((round_.ref, level)) or _made(market, round_, level)
        _kept[round_.ref, level] = paper
        while len(_kept) > limits.PAPERS_KEPT:
            _kept.pop(next(iter(_kept)))
    return paper


@contextmanager
def _turn() -> Iterator[None]:
    if not _press.acquire(timeout=limits.PAPER_WAIT_SECONDS):
        raise Refusal(429, "reports_busy", "Other reports are being made.", "Ask again in a few seconds.")
    try:
        yield
    finally:
        _press.release()


def _made(market: Market, round_: Round, level: Level) -> Paper:
    report = _pressed(_stated(market, round_, level))
    pdf = b64decode(report.pop("pdf"))
    return Paper(render_to_string("reports/market.html", {"report": report, "style": STYLE}), pdf)


def _pressed(stated: dict[str, Any]) -> dict[str, Any]:
    """From the press; without other rules where these took too long."""
    for compared in (True, False):
        try:
            done = subprocess.run(  # noqa: S603
                PRESS,
                input=json.dumps({**stated, "compared": compared}).encode(),
                capture_output=True,
                timeout=limits.PAPER_SECONDS,
                check=True,
                cwd=settings.BASE_DIR,
            )
        except subprocess.TimeoutExpired:
            continue
        report: dict[str, Any] = json.loads(done.stdout)
        return report
    raise _too_long(f"The report could not be made within {limits.PAPER_SECONDS} seconds.")


def _too_long(detail: str) -> Refusal:
    return Refusal(422, "report_too_long", detail, "Take the tables: GET reports/ names them.")


def _stated(market: Market, round_: Round, level: Level) -> dict[str, Any]:
    return {
        "problem": round_.problem,
        "outcome": round_.outcome,
        "currency": market.currency,
        "exponent": market.exponent,
        "level": level,
        "names": _names(market, round_),
        "lots": dict(market.lots.order_by("name").values_list("name", "title")),
        "prices": _prices(market),
        "head": _head(market, round_, level),
    }


def _names(market: Market, round_: Round) -> dict[str, str]:
    """Participations stand for themselves; who took part elsewhere gets a pseudonym that nobody can trace."""
    if not Imported.objects.filter(market=market).exists():
        return {}
    salt = os.urandom(32)
    bidders = [bid["agent"] for bid in parse(round_.problem)["bids"]]  # only auctions are taken from elsewhere
    return {name: pseudonym(salt, name) or "" for name in bidders}


def _prices(market: Market) -> list[tuple[int, dict[str, int]]]:
    """Of each round that had an outcome."""
    states = (Round.State.CLEARED, Round.State.SUPERSEDED)
    rounds = market.rounds.filter(state__in=states).exclude(outcome="").order_by("n")
    return [(n, json.loads(outcome).get("prices", {})) for n, outcome in rounds.values_list("n", "outcome")]


def _head(market: Market, round_: Round, level: Level) -> dict[str, Any]:
    spec = get(market.mechanism)
    return {
        "title": market.title,
        "kicker": f"Outcome report · {spec.title}",
        "home": f"{settings.PUBLIC_URL}/markets/{market.ref}/",
        "shared": level == LEVELS[market.disclosure],
        "facts": [
            ("Market", market.ref),
            ("Rule", f"{spec.summary} {spec.pricing}"),
            ("Source of the rule", spec.paper),
            ("Closed", f"{market.closes_at:%-d %B %Y, %H:%M:%S} UTC"),
            ("Participants", f"{market.participants:,}"),
            ("Unit of money", amount_text(1, market.exponent, market.currency)),
            ("Outcome", f"{round_.status.replace('_', ' ')}, round {round_.n}"),
            ("Digest", round_.digest),
            *([("Taken from", source)] if (source := _source(market)) else []),
        ],
        "notes": [_note(market, level)],
    }


def _note(market: Market, level: Level) -> str:
    if level != LEVELS[market.disclosure]:
        return "In full, for the operator of this market: not everything here is told to others."
    recorded = Imported.objects.filter(market=market, recorded=True).exists()
    return RECORDED if recorded else UNTOLD[level]


def _source(market: Market) -> str:
    return Imported.objects.filter(market=market).values_list("source", flat=True).first() or ""
