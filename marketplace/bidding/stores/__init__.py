"""Where a group's books are read and written: one module a database, one contract."""

from collections.abc import Sequence
from typing import Protocol

from marketplace.bidding.books import Act, Decision


class Store(Protocol):
    """Commits one group in one transaction."""

    async def commit(self, acts: Sequence[Act]) -> list[Decision]:
        """Decide and write; when it returns, what was accepted is durable. Raises where nothing was written."""

    async def close(self) -> None:
        """Let go of the connection."""
