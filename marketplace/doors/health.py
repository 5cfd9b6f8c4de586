"""Is this process there, is it ready, and what has it counted: for probes, balancers and Prometheus."""

import hmac
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address

import msgspec
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as PLAIN
from prometheus_client.exposition import generate_latest

from marketplace.bidding.intake import committer
from marketplace.core import metrics
from marketplace.core.refusals import CONTENT_TYPE, Refusal
from marketplace.core.sweeps import Runner
from marketplace.doors.answer import JSON
from marketplace.doors.figures import Figures
from marketplace.doors.hub import hub

REDIS_SECONDS = 0.5
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
runner: Runner | None = None  # set by the server where it does background work
metrics.registry.register(Figures())
metrics.intake_queue.set_function(lambda: committer.waiting)
metrics.subscriptions.set_function(lambda: hub.size)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is looked at."""
    return _said(200, {"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether bids and requests belong here: each part by name, 503 where one is not as it must be."""
    found = {name: _tried(check) for name, check in CHECKS.items()}
    ready = all(word in ("ok", "not used") for word in found.values())
    return _said(200 if ready else 503, {"status": "ok" if ready else "not ready", "checks": found})


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """What Prometheus reads."""
    if not _may_read(request):
        detail = "Figures are for this host, or for who brings the token."
        refusal = Refusal(403, "metrics_closed", detail, "Send Authorization: Bearer with WALRAS_METRICS_TOKEN.")
        return HttpResponse(refusal.encoded(), status=refusal.status, content_type=CONTENT_TYPE)
    return HttpResponse(generate_latest(metrics.registry), content_type=PLAIN)


def _may_read(request: HttpRequest) -> bool:
    """With a token set, who brings it; without one, who asks from this very host and not through a proxy on it."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    return not any(name in request.META for name in FORWARDED) and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _said(status: int, body: object) -> HttpResponse:
    fresh = {"Cache-Control": "no-store"}
    return HttpResponse(msgspec.json.encode(body), status=status, content_type=JSON, headers=fresh)


def _tried(check: Callable[[], str]) -> str:
    """What a check says; the error's name alone where it raises, for its words may hold an address with a password."""
    try:
        return check()
    except Exception as error:
        return f"failed: {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    lacking = _wanted() - set(MigrationRecorder(connection).applied_migrations())
    return f"{len(lacking)} not applied" if lacking else "ok"


@cache
def _wanted() -> set[tuple[str, str]]:
    """The migrations that this code comes with."""
    names = set(MigrationLoader(None).disk_migrations)
    return {name for name in names if name[0] != "stripe_sandbox"}  # a database of its own, of another process


def _redis() -> str:
    if not settings.REDIS_URL:
        return "not used"
    within = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    with import_string("redis.Redis").from_url(settings.REDIS_URL, **within) as link:
        link.ping()
    return "ok"


def _writer() -> str:
    return "ok" if committer.alive else "does not run"


def _sweeps() -> str:
    if runner is None:
        return "not used"
    return "ok" if runner.alive else "do not run"


CHECKS = {"database": _database, "migrations": _migrations, "redis": _redis, "writer": _writer, "sweeps": _sweeps}
