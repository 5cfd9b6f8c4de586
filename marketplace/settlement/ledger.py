"""Journals: append-only, hash-chained double entry; balances are sums."""

from marketplace.settlement.models import Journal


def open_journal(*, name: str, currency: str) -> Journal:
    """New, empty books."""
    return Journal.objects.create(name=name, currency=currency)


def balances(journal: Journal) -> dict[str, int]:
    """What each account has received less what it has given; holds do not count."""
    raise NotImplementedError


def verify_journal(journal: Journal) -> list[str]:
    """Everything that is wrong with a journal, in words; empty when nothing is."""
    raise NotImplementedError
