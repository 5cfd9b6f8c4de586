"""The sandbox as a server on 127.0.0.1: in a process of its own, or on a thread of another."""

import socket
import threading

import uvicorn
from django.core.management import call_command

from marketplace.stripe_sandbox.addresses import live_at
from marketplace.stripe_sandbox.deliverer import Deliverer
from marketplace.stripe_sandbox.http_door import Application
from marketplace.stripe_sandbox.objects.webhook_endpoint import point_at
from marketplace.stripe_sandbox.router import ALIAS, APP

HOST = "127.0.0.1"


class Sandbox:
    """Binds at once, so that a port of 0 has become a real one before anything is served."""

    def __init__(
        self, port: int = 0, webhook_url: str = "", webhook_secret: str = "", events: list[str] | None = None
    ) -> None:
        call_command("migrate", APP, database=ALIAS, verbosity=0)
        if webhook_url:
            point_at(webhook_url, webhook_secret, events or ["*"])
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, port))
        self._socket.listen(128)  # whoever connects before uvicorn is ready waits in line
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        live_at(self.url)
        self._application = Application()
        config = uvicorn.Config(self._application, lifespan="off", ws="none", access_log=False, log_config=None)
        self._server = uvicorn.Server(config)
        self._deliverer = Deliverer()
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serves until told to stop."""
        self._deliverer.start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._deliverer.stop()
            self._application.close()
            self._socket.close()

    def start(self) -> None:
        """Serves on a thread of this process."""
        self._thread = threading.Thread(target=self.run, name="stripe-sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends what `start` began."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join()
