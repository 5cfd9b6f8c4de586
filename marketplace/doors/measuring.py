"""What Django answers, counted by the door's name and written down in one line; the hot doors go round this."""

import logging
import time
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from marketplace.core import metrics

log = logging.getLogger(__name__)


@sync_and_async_middleware
def measured(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A middleware that costs no change of thread."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            since = time.perf_counter()
            return _noted(request, await get_response(request), since)

        return later

    def now(request: HttpRequest) -> HttpResponse:
        since = time.perf_counter()
        return _noted(request, get_response(request), since)

    return now


def _noted(request: HttpRequest, response: HttpResponse, since: float) -> HttpResponse:
    """By the route, never by the address: that may hold a signed link or what somebody searched for."""
    found, seconds = request.resolver_match, time.perf_counter() - since
    door = (found.view_name if found else "") or "none"
    metrics.requests.labels(door, response.status_code).inc()
    metrics.request_seconds.labels(door).observe(seconds)
    route = found.route if found else ""
    log.info("%s %s", request.method, door, extra={"route": route, "status": response.status_code, "seconds": seconds})
    return response
