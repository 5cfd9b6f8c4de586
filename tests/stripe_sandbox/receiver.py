"""A webhook receiver that can be told to fail first."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe

SECRET = "whsec_suite"


class Receiver:
    """Verifies every delivery with the SDK; answers 500 as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken: list[stripe.Event] = []
        self.attempts = 0
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
        event = stripe.Webhook.construct_event(body, signature, SECRET)
        with self.arrived:
            self.attempts += 1
            if self.attempts <= self.failures:
                return 500
            self.taken.append(event)
            self.arrived.notify_all()
            return 200

    def wait_for(self, kind: str, count: int = 1, seconds: float = 10) -> list[stripe.Event]:
        def there() -> bool:
            return sum(event.type == kind for event in self.taken) >= count

        with self.arrived:
            assert self.arrived.wait_for(there, seconds), f"no {kind} among {[event.type for event in self.taken]}"
            return [event for event in self.taken if event.type == kind]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
