"""Where a group's books are read and written: one module a database, one contract."""

from collections.abc import Sequence
from typing import Protocol

from marketplace.bidding.books import Decision
from marketplace.bidding.submissions import Submission


class Store(Protocol):
    """Commits one group in one transaction."""

    async def commit(self, submissions: Sequence[Submission]) -> list[Decision]:
        """Decide and write; when it returns, what was accepted is durable. Raises where nothing was written."""

    async def close(self) -> None:
        """Let go of the connection."""
