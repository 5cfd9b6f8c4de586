"""Warnings about values that are allowed and yet look like a slip: units taken for whole currency, or the reverse."""

from collections.abc import Iterator
from typing import Any

from marketplace.bidding.submissions import Submission
from marketplace.core.money import amount_text, minor_text
from marketplace.markets.terms import Terms

FACTOR = 50  # so many times above or below what is public, or the bidder's own, a value is unusual
MOST = 5  # warnings in one answer
CENTS = 2  # the exponent under which whole currency units are commonly sent for hundredths


def warnings_of(submission: Submission, limit_minor: int | None) -> list[dict[str, Any]]:
    """At most a handful; they follow from the market's terms and the bidder's own limit, never from others' bids."""
    found = [*_piece_warnings(submission), *_limit_warnings(submission, limit_minor)]
    return found[:MOST]


def _piece_warnings(submission: Submission) -> Iterator[dict[str, Any]]:
    """One for each atom's value or step's price that is unusual."""
    terms = submission.terms
    for n, atom in enumerate(submission.bid.atoms or ()):
        reference = _reserve(dict(atom.bundle), terms)
        units = sum(abs(quantity) for quantity in atom.bundle.values())
        yield from _warned(f"/atoms/{n}/value", abs(atom.value), reference, units, terms)
    for n, step in enumerate(submission.bid.steps or ()):
        yield from _warned(f"/steps/{n}/price", step.price, _reserve({step.lot: 1}, terms), 1, terms)


def _reserve(bundle: dict[str, int], terms: Terms) -> int:
    """What the bundle's lots cost at their public reserves; 0 where one of them has none."""
    parts = [terms.lots[lot].reserve * abs(quantity) for lot, quantity in bundle.items()]
    return sum(parts) if all(parts) else 0


def _warned(pointer: str, value: int, reference: int, units: int, terms: Terms) -> Iterator[dict[str, Any]]:
    said = amount_text(value, terms.exponent, terms.currency)
    if reference and not reference <= value * FACTOR <= reference * FACTOR**2:
        reserve = amount_text(reference, terms.exponent, terms.currency)
        yield _warning(pointer, f"{value} means {said}; the reserve is {reserve}.")
    elif not reference and terms.exponent == CENTS and 0 < value < 10**CENTS * units:
        yield _warning(pointer, f"{value} means {said}; {value}.00 {terms.currency} would be {value * 10**CENTS}.")


def _limit_warnings(submission: Submission, limit_minor: int | None) -> Iterator[dict[str, Any]]:
    worst, currency = submission.worst_minor, submission.terms.currency
    if limit_minor and 0 < worst * FACTOR < limit_minor:
        said, limit = minor_text(worst, currency), minor_text(limit_minor, currency)
        yield _warning("", f"The bid can cost at most {said}; you joined with a limit of {limit}.")


def _warning(pointer: str, detail: str) -> dict[str, Any]:
    return {"code": "unusual_value", "pointer": pointer, "detail": detail}
