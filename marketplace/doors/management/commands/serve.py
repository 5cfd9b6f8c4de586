"""`manage.py serve`: everything in one process, HTTP, websocket and background work."""

import sys
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS

from marketplace.core import limits
from marketplace.doors.wire import HotProtocol

SWITCH_SECONDS = (
    0.001  # how long a busy thread keeps the event loop waiting; Python's own 5 ms is a bid's whole journey
)


class Command(BaseCommand):
    """uvicorn with the bounds that the protocol documents."""

    help = "Serves the marketplace on one address."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop."""
        self.check(databases=[DEFAULT_DB_ALIAS])  # what only a look at the database can tell
        self.stdout.write(f"Walras at http://{options['host']}:{options['port']}/  (API docs at /api/docs/)")
        self.stdout.write("manage.py operator_key NAME makes a key that may open markets.")
        self.stdout.flush()
        sys.setswitchinterval(SWITCH_SECONDS)
        uvicorn.run(
            "marketplace.asgi:application",
            host=options["host"],
            port=options["port"],
            http=HotProtocol,
            ws_max_size=4 * limits.FRAME_BYTES,  # past our own bound a frame is answered, past this one it is not read
            log_config=None,
            timeout_graceful_shutdown=5,  # who still waits then is cut off; what was acknowledged is durable
            access_log=False,
        )
