"""What pages may load and where their forms may go: nothing from elsewhere, and nobody frames them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.core import clock

OF_PEOPLE = ("/me/", "/accounts/")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def public_page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page that everybody may read."""
    response = render(request, f"pages/{name}", {"now": clock.now(), **context}, status=status)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-cache"
    response["Vary"] = "Accept"
    return response


def page_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: nothing from elsewhere, forms to ourselves only, and nothing kept by caches."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith(OF_PEOPLE):
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers["Cache-Control"] = "no-store"
        return response

    return answered
