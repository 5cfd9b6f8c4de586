"""The one door: an HTTP request in, Stripe's answer out, the effect and its idempotency record in one commit."""

import hashlib
import logging
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import stripe
from django.db import transaction

from marketplace.stripe_sandbox import chaos, controls, pages, spoilt
from marketplace.stripe_sandbox.addresses import PAGES
from marketplace.stripe_sandbox.call import Call, Result
from marketplace.stripe_sandbox.errors import Body, Refusal, not_built
from marketplace.stripe_sandbox.expand import expand
from marketplace.stripe_sandbox.form import decode
from marketplace.stripe_sandbox.ids import new_id
from marketplace.stripe_sandbox.objects.event import record
from marketplace.stripe_sandbox.objects.idempotent_request import Saved, recall, remember
from marketplace.stripe_sandbox.pace import check_pace
from marketplace.stripe_sandbox.router import ALIAS
from marketplace.stripe_sandbox.routes import Route, find_route
from marketplace.stripe_sandbox.schema import params_named, read_params

log = logging.getLogger(__name__)
deliveries_due = threading.Event()  # set after a commit that owes somebody an event
writer = threading.Lock()  # writers wait in line for it; SQLite's own waiters sleep and poll
_in_progress: set[str] = set()
_in_progress_lock = threading.Lock()


class Request(NamedTuple):
    """As either door hands it over; header names in lower case."""

    method: str
    target: str  # path and query
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What goes back over either door."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: bool = False  # chaos: the connection breaks instead


def answer(request: Request) -> Reply:
    """Never raises: what goes wrong here is Stripe's 500, unless chaos is at work."""
    struck = chaos.strikes(f"{request.method} {urlsplit(request.target).path}", chaos.CALL_FAULTS)
    return _answer(request) if struck is None else _answer_badly(request, struck[0])


def _answer_badly(request: Request, fault: str) -> Reply:
    if fault.startswith("500_saved"):
        return _answer(request, fault)
    reply = None if fault in ("500_before", "409", "429", "timeout_before") else _answer(request)
    if fault == "wrong_amount" and reply is not None:
        return reply._replace(body=spoilt.one_too_much(reply.body))
    if fault in ("timeout_before", "timeout_after", "reset"):
        return (reply or Reply(0, {}, b""))._replace(cut=True)
    refusal = spoilt.REFUSALS[fault.partition("_")[0]]
    return Reply(refusal.status, {"Content-Type": "application/json"}, _error_body(refusal))


def _answer(request: Request, fault: str = "") -> Reply:
    request_id = new_id("req")
    try:
        if request.target.startswith(PAGES):
            return _show(request, request_id)
        saved = _serve(request, request_id, fault)
    except Refusal as refusal:
        saved = Saved(refusal.status, _error_body(refusal), request_id)
    except Exception:
        log.exception("the sandbox failed at %s %s", request.method, request.target)
        failure = Refusal("The sandbox failed; its log says why.", status=500, type="api_error")
        saved = Saved(500, _error_body(failure), request_id)
    return Reply(saved.status, _headers(request, request_id, saved), saved.body)


def _show(request: Request, request_id: str) -> Reply:
    """A page for people, who have no key."""
    sent = decode(_text(request.body)) if request.method == "POST" else None
    with writer:
        page = pages.visit(urlsplit(request.target).path, sent, request_id)
    deliveries_due.set()
    headers = {"Content-Type": "text/html; charset=utf-8"} | ({"Location": page.location} if page.location else {})
    return Reply(page.status, headers, page.html.encode())


def _headers(request: Request, request_id: str, saved: Saved) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Request-Id": request_id, "Stripe-Version": stripe.api_version}
    if key := request.headers.get("idempotency-key"):
        headers["Idempotency-Key"] = key
    if saved.replayed:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": saved.request_id}
    return headers


def _error_body(refusal: Refusal) -> bytes:
    return msgspec.json.encode({"error": refusal.error})


def _serve(request: Request, request_id: str, fault: str = "") -> Saved:
    _authenticate(request.headers.get("authorization", ""))
    url = urlsplit(request.target)
    if url.path.startswith(controls.PREFIX):
        with writer:
            body = controls.pull(url.path, decode(_text(request.body)), request_id)
        deliveries_due.set()
        return Saved(200, msgspec.json.encode(body), request_id)
    check_pace()
    route, path_ids = find_route(request.method, url.path)
    if fault and request.method == "POST":
        route = route._replace(handler=spoilt.failing(route.handler, fault))
    sent = decode(url.query if request.method != "POST" else _text(request.body))
    params = read_params(params_named(route.params), sent)
    for name in params.keys() & route.unbuilt:
        raise not_built(name)
    account = request.headers.get("stripe-account", "")
    if account and url.path != "/v1/balance":
        raise not_built("Stripe-Account")
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key and len(key) > 255:
        raise Refusal("Idempotency-Key must be at most 255 characters", type="idempotency_error")
    call = Call(params, path_ids, url.path, request_id, record, key, account)
    if request.method != "GET":
        return _write(route, call, sent)
    if "expand" not in params:
        return Saved(*_render(route, call), request_id)
    with writer, transaction.atomic(using=ALIAS):  # several objects, all of one moment
        return Saved(*_render(route, call), request_id)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refusal("Invalid UTF-8 in the request body") from None


def _authenticate(header: str) -> None:
    """Bearer or Basic; a live key is as wrong here as none."""
    scheme, _, credentials = header.partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = b64decode(key, validate=True).decode().partition(":")[0]
        except ValueError:
            key = ""
    if not key:
        raise Refusal("You did not provide an API key.", status=401)
    if not key.startswith(("sk_test_", "rk_test_")):
        raise Refusal(f"Invalid API Key provided: {key[:8]}***", status=401)


def _render(route: Route, call: Call) -> tuple[int, bytes]:
    """Runs the call and writes its answer out."""
    result: Result = route.handler(call)
    if isinstance(result, Refusal):
        return result.status, _error_body(result)
    body: Body = result if isinstance(result, dict) else result.as_json()
    return 200, msgspec.json.encode(expand(body, call.params.get("expand") or []))


@contextmanager
def _alone(key: str | None) -> Iterator[None]:
    """A second request under a key that is still at work is refused, not queued."""
    if key is None:
        yield
        return
    with _in_progress_lock:
        if key in _in_progress:
            raise Refusal(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}.",
                status=409,
                code="idempotency_key_in_use",
            )
        _in_progress.add(key)
    try:
        yield
    finally:
        with _in_progress_lock:
            _in_progress.discard(key)


def _write(route: Route, call: Call, sent: dict[str, Any]) -> Saved:
    """Effect, events and stored answer are one commit: a crash leaves all of them or nothing."""
    name = None if call.idempotency_key is None else f"{call.account}:{call.idempotency_key}"
    fingerprint = hashlib.sha256(msgspec.json.encode(sent, order="deterministic")).hexdigest()
    with _alone(name):
        try:
            with writer, transaction.atomic(using=ALIAS):
                if name and (earlier := recall(name, call.url, fingerprint)):
                    return earlier
                saved = Saved(*_render(route, call), call.request_id)
                if name:
                    remember(name, call.url, fingerprint, saved)
        except Refusal as refusal:
            if not refusal.stored:
                raise
            saved = Saved(refusal.status, _error_body(refusal), call.request_id)
            if name:
                with writer, transaction.atomic(using=ALIAS):
                    remember(name, call.url, fingerprint, saved)
    if call.events:
        deliveries_due.set()
    return saved
