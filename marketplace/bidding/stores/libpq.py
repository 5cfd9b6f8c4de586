"""A PostgreSQL connection that sends many prepared statements in one round trip: psycopg's libpq, and little else.

psycopg's own pipeline costs the committer more than the statements themselves cost the database, for it makes a cursor,
adapts types and picks a plan each time. Here the statements are few, known beforehand and take JSON.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Call = tuple[bytes, Sequence[bytes]]
Rows = list[tuple[Any, ...]]
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Pipelined:
    """One connection in one event loop; one exchange at a time."""

    def __init__(self, link: "psycopg.AsyncConnection[Any]") -> None:
        self._link = link
        self._pq: PGconn = link.pgconn
        self._loop = asyncio.get_running_loop()
        self._results: list[PGresult] = []
        self._answer: asyncio.Future[list[PGresult]] | None = None
        self.broken = False

    @classmethod
    async def connect(cls, given: Mapping[str, Any], setup: str, statements: Mapping[bytes, str]) -> "Pipelined":
        """Connect, set the session up and prepare the statements."""
        link = await psycopg.AsyncConnection.connect(**given, autocommit=True)
        await link.execute(setup, prepare=False)
        pipelined = cls(link)
        pipelined._enter()
        await pipelined._prepare(statements)
        return pipelined

    async def exchange(self, calls: Sequence[Call]) -> list[Rows]:
        """Run the statements in order; what each returned, as text. After an error the connection is of no use."""
        for name, values in calls:
            self._pq.send_query_prepared(name, values)
        return [_rows(result) for result in await self._synced()]

    async def close(self) -> None:
        """Close; an open transaction is rolled back by the server."""
        if not self._link.closed:
            self._loop.remove_reader(self._pq.socket)
            self._loop.remove_writer(self._pq.socket)
        self.broken = True
        await self._link.close()

    def _enter(self) -> None:
        self._pq.nonblocking = 1
        self._pq.enter_pipeline_mode()
        self._loop.add_reader(self._pq.socket, self._readable)

    async def _prepare(self, statements: Mapping[bytes, str]) -> None:
        for name, sql in statements.items():
            self._pq.send_prepare(name, sql.encode())
        await self._synced()

    async def _synced(self) -> list[PGresult]:
        self._pq.pipeline_sync()
        self._answer, self._results = self._loop.create_future(), []
        self._flush()
        return await self._answer

    def _flush(self) -> None:
        """Send what fits; a big group does not, and goes on when the socket takes more."""
        try:
            rest = self._pq.flush()
        except psycopg.Error as error:
            self._fail(error)
            return
        if rest:
            self._loop.add_writer(self._pq.socket, self._flush)
        else:
            self._loop.remove_writer(self._pq.socket)

    def _readable(self) -> None:
        try:
            self._pq.consume_input()
        except psycopg.Error as error:
            self._fail(error)
            return
        while self._answer is not None and not self._pq.is_busy():
            result = self._pq.get_result()
            if result is not None:
                self._take(result, self._answer)

    def _take(self, result: PGresult, answer: "asyncio.Future[list[PGresult]]") -> None:
        if result.status == ExecStatus.PIPELINE_SYNC:
            self._answer = None
            if not answer.done():
                answer.set_result(self._results)
        elif result.status in _DONE:
            self._results.append(result)
        else:
            self._fail(psycopg.OperationalError(result.error_message.decode("utf-8", "replace")))

    def _fail(self, error: psycopg.Error) -> None:
        """Nothing that follows can be trusted; who waits hears why."""
        self.broken = True
        self._loop.remove_reader(self._pq.socket)
        self._loop.remove_writer(self._pq.socket)
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)


def _rows(result: PGresult) -> Rows:
    columns = range(result.nfields)
    return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]
