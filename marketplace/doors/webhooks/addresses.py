"""Where webhooks may go: public addresses only, decided on the very address that is then connected to."""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from marketplace.core.refusals import Refusal

URL_CHARS = 500
IPV6_UNICAST = ipaddress.ip_network("2000::/3")  # outside of it lie loopback, link-local, mapped and translated ones
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefusedError(Exception):
    """The host has no address that may be connected to."""


def checked_url(url: str) -> str:
    """The URL, refused where its form already says that nothing may be sent there."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _refused("This is no URL.") from None
    if len(url) > URL_CHARS or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(f"A URL has at most {URL_CHARS} printable ASCII characters.")
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_LOOPBACK):
        raise _refused("The scheme must be https.")
    if not host or port == 0 or parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("A host is needed; a user, a password or a fragment is not taken.")
    _refuse_literal(host)
    return url


def _refuse_literal(host: str) -> None:
    """Hosts that are addresses are judged at once; names when they are connected to."""
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        if host.rsplit(".")[-1] in ("localhost", "local", "internal") and not settings.WEBHOOK_LOOPBACK:
            raise _refused(f"{host!r} is not a public host.") from None
        return
    if not allowed(literal):
        raise _refused(f"{host} is not a public address.")


def allowed(address: Address) -> bool:
    """Whether this address is public; loopback too where the settings say so (tests, the demo)."""
    if address.is_loopback:
        return bool(settings.WEBHOOK_LOOPBACK)
    if isinstance(address, ipaddress.IPv6Address) and (address not in IPV6_UNICAST or address.sixtofour):
        return False
    return address.is_global and not address.is_multicast


async def resolved(parts: SplitResult) -> str:
    """An address of the host, all of whose addresses may be connected to; who connects must use this one."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefusedError(f"{host} has no address") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for text in addresses:
        if not allowed(ipaddress.ip_address(text)):
            raise AddressRefusedError(f"{host} is at {text}, which is not public")
    return addresses[0]


def _refused(words: str) -> Refusal:
    return Refusal(422, "webhook_url_refused", words, "Give an https address that anybody could reach.", "/url")
