"""Where a demo lives: a directory, two ports, a server process and the Stripe sandbox beside it."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60
STRIPE_EVENTS = (  # what an endpoint of ours subscribes to: what settlement acts upon
    "payment_intent.amount_capturable_updated,payment_intent.succeeded,payment_intent.canceled,"
    "payment_intent.payment_failed,account.updated,setup_intent.succeeded,charge.dispute.created,charge.dispute.closed"
)


class DemoError(Exception):
    """The demo cannot go on; the words are for the person who started it."""


def whole_number(name: str, default: int, least: int = 0) -> int:
    """A setting of the demo from the environment."""
    text = os.environ.get(name) or str(default)
    if text.isascii() and text.isdigit() and least <= int(text) < 65536:
        return int(text)
    sys.exit(f"{name} is a whole number, {least} to 65535, not {text!r}.")


class Place:
    """A fresh directory under `.demo/` and the two servers that run in it; ended by `stop`."""

    def __init__(self, port: int) -> None:
        self.directory = _fresh_directory()
        self.port = free_port(port)
        self.stripe_port = free_port(0)
        self.password = secrets.token_urlsafe(9)
        self.url = f"http://{HOST}:{self.port}"
        self.environment = self._environment()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> str:
        """Migrate, make an operator and an administrator, start both servers; the operator's key."""
        self._manage("migrate", "--verbosity", "0")
        self._manage("createsuperuser", "--noinput", "--username", "admin", "--email", "admin@example.org")
        key = self._manage("operator_key", "demo").strip()
        manage = [sys.executable, str(ROOT / "manage.py")]
        webhook = f"{self.url}/webhooks/stripe/"
        secret = self.environment["STRIPE_WEBHOOK_SECRET"]
        sandbox = ["stripe_sandbox", "--port", str(self.stripe_port), "--webhook-events", STRIPE_EVENTS]
        self._spawn("stripe", [*manage, *sandbox, "--webhook-url", webhook, "--webhook-secret", secret])
        self._spawn("server", [*manage, "serve", "--port", str(self.port)])
        self._wait_for(f"{self.url}/api/v1/mechanisms/")
        return key

    def verify_books(self) -> bool:
        """Whether every journal's chain and sums hold."""
        done = self._run("verify_ledger")
        return done.returncode == 0

    def stop(self) -> None:
        """End both servers, the market's first, so that nothing it still does is refused."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def alive(self) -> bool:
        """Whether both servers run."""
        return all(process.poll() is None for process in self._processes)

    def _environment(self) -> dict[str, str]:
        """The demo's own settings; nothing of the shell's database or Stripe reaches it."""
        ours = ("WALRAS_", "STRIPE_", "DATABASE_URL", "REDIS_URL", "DJANGO_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "DJANGO_SUPERUSER_PASSWORD": self.password,
            "WALRAS_WEBHOOK_LOOPBACK": "1",
            "WALRAS_SECRET_KEY": secrets.token_urlsafe(50),
            "WALRAS_CLEARING_SECRET_FILE": str(self.directory / "clearing-secret"),
            "WALRAS_CONTRACT_KEY_FILE": str(self.directory / "contract-key"),
            "DATABASE_URL": f"sqlite:///{self.directory / 'walras.sqlite3'}",
            "STRIPE_SANDBOX_DATABASE": str(self.directory / "stripe.sqlite3"),
            "STRIPE_API_BASE": f"http://{HOST}:{self.stripe_port}",
            "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
        }

    def _manage(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode != 0:
            raise DemoError(f"manage.py {arguments[0]} failed:\n{done.stderr.strip()}")
        return done.stdout

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True)  # noqa: S603

    def _spawn(self, name: str, command: list[str]) -> None:
        log: Any = (self.directory / f"{name}.log").open("wb")
        with log:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command, env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes.append(process)

    def _wait_for(self, url: str) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.alive():
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(url, trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        raise DemoError(f"the server did not start; its log is in {self.directory}")


def free_port(wanted: int) -> int:
    """The wanted port of the loopback address if it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return int(probe.getsockname()[1])
    raise DemoError("no port is free")


def _fresh_directory() -> Path:
    """A new directory named by our process; those of processes that have ended are removed."""
    home = ROOT / ".demo"
    for old in home.glob("run-*"):
        pid = old.name.removeprefix("run-")
        if not (pid.isdigit() and _runs(int(pid))):
            shutil.rmtree(old, ignore_errors=True)
    fresh = home / f"run-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    return fresh


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
