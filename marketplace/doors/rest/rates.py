"""The RateLimit headers of what Django answers; the hot doors write their own."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

STANDING = "walras.standing"  # where the authentication leaves it in a request's META


@sync_and_async_middleware
def rate_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A middleware that costs no change of thread."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            return _marked(request, await get_response(request))

        return later
    return lambda request: _marked(request, get_response(request))


def _marked(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    standing = request.META.get(STANDING)
    for name, value in standing.headers().items() if standing else ():
        response[name] = value
    return response
