"""A webhook receiver that can be told to fail first."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe

SECRET = "whsec_suite"


class Receiver:
    """Verifies every delivery with the SDK; answers 500 to each event as often as it is told to."""

    def __init__(self) -> None:
        self.failures = 0
        self.secret = SECRET
        self.taken: list[stripe.Event] = []
        self.attempts: Counter[str] = Counter()
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.receive(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def receive(self, body: bytes, signature: str) -> int:
        event = stripe.Webhook.construct_event(body, signature, self.secret)
        with self.arrived:
            self.attempts[event.id] += 1
            if self.attempts[event.id] <= self.failures:
                return 500
            self.taken.append(event)
            self.arrived.notify_all()
            return 200

    def wait_for(self, kind: str, about: set[str], seconds: float = 10) -> list[stripe.Event]:
        """The events of a kind about these objects, once there is one about each."""

        def found() -> list[stripe.Event]:
            return [event for event in self.taken if event.type == kind and event.data.object.id in about]

        with self.arrived:
            assert self.arrived.wait_for(lambda: {event.data.object.id for event in found()} == about, seconds)
            return found()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
