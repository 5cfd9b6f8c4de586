"""How hot requests travel: read whole, answered by one task, head and body in one write; others go uvicorn's way."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from marketplace.core import tracing
from marketplace.doors.answer import Answer
from marketplace.doors.hot import Place, answer_hot, hot_place, most_bytes


class HotProtocol(HttpToolsProtocol):
    """uvicorn's protocol, for the hot POSTs without the messages of ASGI: they cost more than deciding a bid.

    What is unusual (a request that came before the last one was answered, one that wants to be told to continue) goes
    uvicorn's way too, and gets the same answer from `serve_hot`.
    """

    _place: Place | None = None  # where the request that is being read posts to

    def on_body(self, body: bytes) -> None:
        """Keep what is within the bound, and one piece more, so that the client hears why."""
        if self._place is None:
            super().on_body(body)
        elif len(self.cycle.body) <= most_bytes(self._place):
            self.cycle.body += body

    def on_message_complete(self) -> None:
        """Answer a hot request, now that it is whole."""
        if self._place is None:
            super().on_message_complete()
            return
        place, self._place = self._place, None
        self.cycle.more_body = False
        task = self.loop.create_task(self._answer(self.cycle, place))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        coming = cycle is self.cycle and cycle.more_body and not cycle.body and not self.expect_100_continue
        self._place = hot_place(cycle.scope) if coming and app is self.app else None  # type: ignore[arg-type]
        if self._place is None:
            super()._start_asgi_task(cycle, app)

    async def _answer(self, cycle: RequestResponseCycle, place: Place) -> None:
        made = tracing.begin(cycle.scope["headers"])
        try:
            reply = await answer_hot(place, cycle.scope["headers"], bytes(cycle.body))
            if self.flow.write_paused and not cycle.disconnected:
                await self.flow.drain()
        except BaseException:
            self.logger.exception("Exception in a hot request")
            await cycle.send_500_response()
            return
        if not cycle.disconnected:
            reply.headers[tracing.HEADER] = made
            self._send(cycle, reply)

    def _send(self, cycle: RequestResponseCycle, reply: Answer) -> None:
        cycle.response_started = cycle.response_complete = True
        lines = [b"%s: %s\r\n" % header for header in cycle.default_headers]
        lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in reply.headers.items()]
        lines += [b"content-length: %d\r\n" % len(reply.body), b"" if cycle.keep_alive else b"connection: close\r\n"]
        self.transport.write(b"".join((STATUS_LINE[reply.status], *lines, b"\r\n", reply.body)))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
