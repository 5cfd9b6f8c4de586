"""Addresses of the websocket door."""

from channels.routing import URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import re_path

from marketplace.core.refs import PATTERN
from marketplace.doors.inbox_socket import InboxSocket
from marketplace.doors.market_socket import MarketSocket
from marketplace.doors.socket import NoSocket


def websocket_application() -> OriginValidator:
    """The sockets, open to programs (no Origin) and to pages of our own hosts."""
    market = re_path(rf"^ws/v1/markets/(?P<market_ref>{PATTERN})/$", MarketSocket.as_asgi())
    inbox = re_path(r"^ws/v1/inbox/$", InboxSocket.as_asgi())
    return OwnOrigin(URLRouter([market, inbox, re_path(r"", NoSocket.as_asgi())]), settings.ALLOWED_HOSTS)


class OwnOrigin(OriginValidator):
    """Origin check that lets clients which are no browsers, and so send no Origin, in."""

    def valid_origin(self, parsed_origin: object) -> bool:
        """No Origin, or one of our hosts."""
        return parsed_origin is None or super().valid_origin(parsed_origin)
