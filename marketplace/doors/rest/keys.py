"""Bearer keys for DRF's views."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from marketplace.agents.keys import Identity, bearer, identify
from marketplace.core.rates import rates
from marketplace.doors.rest.rates import STANDING


class KeyAuthentication(BaseAuthentication):
    """The caller is the agent whose key comes in the Authorization header; no header, no caller."""

    def authenticate(self, request: Request) -> tuple[Identity, None] | None:
        """The identity, or None where no key was sent."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        identity = identify(bearer(header))
        standing = rates.take(identity.key_ref)
        request._request.META[STANDING] = standing
        standing.refuse_over()
        return identity, None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):
    """The same, for the schema."""

    target_class = KeyAuthentication
    name = "agentKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer scheme."""
        return {"type": "http", "scheme": "bearer", "description": "An agent's key: wk_test_..."}


def somebody(request: Request) -> Identity:
    """Who is calling, whatever the key is for; refused where nobody says so."""
    identity: Identity = request.user or _nobody()
    return identity


def caller(request: Request, scope: str = "") -> Identity:
    """Who is calling; refused where nobody says so, or where the key has not the scope.

    Without a scope it is `read` to look and `trade` to act, which a request's method tells.
    """
    identity = somebody(request)
    identity.refuse_without(scope or ("read" if request.method in SAFE_METHODS else "trade"))
    return identity


def operator(request: Request) -> Identity:
    """The caller, who must be an operator."""
    return caller(request, "operate")


def _nobody() -> Identity:
    bearer(None)
    raise AssertionError("bearer() refuses a missing header")
