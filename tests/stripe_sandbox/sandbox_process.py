"""The sandbox as a child process, to be killed and started again."""

import os
import subprocess
import sys
from pathlib import Path

import stripe

ROOT = Path(__file__).resolve().parents[2]


class SandboxProcess:
    """`manage.py stripe_sandbox` on a free port, and on the same port again after a kill."""

    def __init__(self, database: Path, *arguments: str) -> None:
        self.environment = {**os.environ, "STRIPE_SANDBOX_DATABASE": str(database)}
        self.arguments = arguments
        self.url = ""
        self.start()

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "manage.py", "stripe_sandbox", "--port", port, *self.arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, "the sandbox did not start"
        self.url = line.split()[-1]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def client(self, key: str = "sk_test_suite", timeout: float = 20) -> stripe.StripeClient:
        http = stripe.RequestsClient(timeout=timeout)
        return stripe.StripeClient(key, base_addresses={"api": self.url}, http_client=http, max_network_retries=0)
