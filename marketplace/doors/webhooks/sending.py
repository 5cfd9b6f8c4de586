"""One message to one address, signed by the scheme of standardwebhooks.com."""

import asyncio
import base64
import hashlib
import hmac
import ssl
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import httpx

from marketplace.doors.webhooks.addresses import AddressRefusedError, resolved

SECRET_PREFIX = "whsec_"  # noqa: S105 - the scheme's prefix
DEADLINE = 10.0  # seconds for all of it: name, connection, request, status
GONE = 410


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: its id is the same at every try, so that a receiver may drop what it has."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status, or the reason why there is none."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        """Only a 2xx means that the receiver has it; a redirect does not, and is not followed."""
        return self.status is not None and 200 <= self.status < 300


def signature(message: Message, timestamp: int, secret: str) -> str:
    """One entry of webhook-signature: HMAC-SHA256 over id, timestamp and body."""
    signed = f"{message.id}.{timestamp}.".encode() + message.body
    mac = hmac.digest(base64.b64decode(secret.removeprefix(SECRET_PREFIX)), signed, hashlib.sha256)
    return "v1," + base64.b64encode(mac).decode()


def headers_for(message: Message, timestamp: int, secrets: list[str]) -> dict[str, str]:
    """The scheme's three headers, signed with each secret that is good."""
    return {
        "content-type": "application/json",
        "user-agent": "Walras-Webhooks/1",
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(message, timestamp, secret) for secret in secrets),
    }


def client() -> httpx.AsyncClient:
    """A client without proxies, cookies or redirects; a connection is used once, for the next may lead elsewhere."""
    bounds = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(trust_env=False, timeout=DEADLINE, limits=bounds, verify=_certificates())


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def send(http: httpx.AsyncClient, url: str, message: Message, headers: dict[str, str]) -> Reply:
    """Send within the deadline; of the answer only the status is read."""
    try:
        return await asyncio.wait_for(_send(http, url, message, headers), DEADLINE)
    except TimeoutError:
        return Reply(None, f"no answer within {DEADLINE:g} seconds")
    except (httpx.HTTPError, AddressRefusedError, OSError, ValueError) as error:
        return Reply(None, f"{type(error).__name__}: {error}"[:200])


async def _send(http: httpx.AsyncClient, url: str, message: Message, headers: dict[str, str]) -> Reply:
    """To the address that was judged, under the name that was given: a name that leads elsewhere later is no way in."""
    parts = urlsplit(url)
    address = await resolved(parts)
    target = httpx.URL(url).copy_with(host=address)
    named = headers | {"host": parts.netloc}
    extensions = {"sni_hostname": parts.hostname or ""}
    async with http.stream("POST", target, content=message.body, headers=named, extensions=extensions) as answer:
        return Reply(answer.status_code)
