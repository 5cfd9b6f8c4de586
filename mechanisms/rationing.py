"""Sharing what is left among equals: in proportion, or by lot."""

from __future__ import annotations

import numpy as np

from mechanisms.book import Book, Column, Rows


def ration(book: Book, rows: Rows, available: int, how: str) -> Column:
    """Units for each of these equally good rows, summing to `available` or to all they ask, as magnitudes.

    `pro_rata`: each agent's floor of its proportional share, then single units in order of priority. `lottery`: agents
    in order of priority, each as much as it asks.
    """
    wanted = np.abs(book.quantity[rows])
    total = int(wanted.sum())
    if total <= available:
        return wanted
    asked = book.by_agent(rows, wanted)
    shares = _pro_rata(asked, available, total) if how == "pro_rata" else _lottery(asked, available)
    return _over_rows(book, rows, wanted, shares)


def _pro_rata(asked: dict[int, int], available: int, total: int) -> dict[int, int]:
    shares = {agent: available * quantity // total for agent, quantity in asked.items()}
    rest = available - sum(shares.values())
    for agent in list(asked)[:rest]:
        shares[agent] += 1
    return shares


def _lottery(asked: dict[int, int], available: int) -> dict[int, int]:
    shares = {}
    for agent, quantity in asked.items():
        shares[agent] = min(quantity, available)
        available -= shares[agent]
    return shares


def _over_rows(book: Book, rows: Rows, wanted: Column, shares: dict[int, int]) -> Column:
    """An agent's several rows at one price are filled in their order."""
    filled = []
    for agent, quantity in zip(book.agent[rows].tolist(), wanted.tolist(), strict=True):
        filled.append(min(quantity, shares[agent]))
        shares[agent] -= filled[-1]
    return np.array(filled, np.int64)
