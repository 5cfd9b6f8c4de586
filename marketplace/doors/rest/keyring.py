"""An agent's own keys: listed by prefix, issued, rotated, revoked."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from drf_spectacular.utils import extend_schema
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import SCOPES, Identity, derived_key
from marketplace.agents.models import Agent, ApiKey
from marketplace.agents.services import good_keys, issue_key, revoke_key, rotate_key
from marketplace.core import clock, limits
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.agents import Key, KeyMade, KeyPage, Scope
from marketplace.doors.rest.strict import idempotency_key, once, shaped

HOUR = 3600


class KeyBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A new key: what it may do, and for how long it is good (null: until it is revoked)."""

    scopes: list[Scope]
    expires_in_s: Annotated[int, Meta(ge=1, le=limits.KEY_MAX_SECONDS)] | None = None


class RotateBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How long the old key stays good beside the new one."""

    overlap_s: Annotated[int, Meta(ge=0, le=limits.KEY_OVERLAP_SECONDS)] = HOUR


class KeysView(APIView):
    """The list, and new keys."""

    @extend_schema(
        operation_id="keys",
        summary="My agent's good keys, by prefix",
        parameters=PARAMETERS,
        responses=answered(KeyPage),
    )
    def get(self, request: Request) -> Response:
        """Never in clear."""
        rows = good_keys(agent=_agent(caller(request, "keys")))
        return Response(listed("keys", newest_first(rows, paging(request.query_params.dict())), _answer))

    @extend_schema(
        operation_id="key_issue",
        summary="A further key, with no more scopes than this one; it is shown this once",
        request=body(KeyBody, {"scopes": ["read"], "expires_in_s": 86400}),
        responses=answered(KeyMade, 201),
    )
    def post(self, request: Request) -> Response:
        """A repeat gets the same key."""
        identity, stated = caller(request, "keys"), shaped(request, KeyBody)
        _refuse_scopes(identity, stated.scopes)
        lifetime = None if stated.expires_in_s is None else timedelta(seconds=stated.expires_in_s)
        new = _derived(request, identity)

        def act() -> tuple[int, dict[str, Any]]:
            expires_at = None if lifetime is None else clock.now() + lifetime
            row, _ = issue_key(agent=_agent(identity), scopes=stated.scopes, expires_at=expires_at, key=new)
            return 201, _answer(row)

        return once(request, act, unstored={"key": new})


class KeyView(APIView):
    """One key."""

    @extend_schema(
        operation_id="key_revoke", summary="Revoke a key; its sockets close within seconds", responses=answered(Key)
    )
    def delete(self, request: Request, key_ref: str) -> Response:
        """For good; a repeat gets the same answer."""
        row = _own(caller(request, "keys"), key_ref)
        revoke_key(key=row)
        row.refresh_from_db()
        return Response(_answer(row))


class RotateView(APIView):
    """The act of rotating."""

    @extend_schema(
        operation_id="key_rotate",
        summary="A new key like this one, which stays good for an overlap",
        request=body(RotateBody, {"overlap_s": HOUR}),
        responses=answered(KeyMade, 201),
    )
    def post(self, request: Request, key_ref: str) -> Response:
        """The new key is shown this once; a repeat gets the same."""
        identity, stated = caller(request, "keys"), shaped(request, RotateBody)
        old, new = _own(identity, key_ref), _derived(request, identity)
        _refuse_scopes(identity, old.scopes.split())

        def act() -> tuple[int, dict[str, Any]]:
            row, _ = rotate_key(key=old, overlap=timedelta(seconds=stated.overlap_s), new=new)
            return 201, _answer(row)

        return once(request, act, unstored={"key": new})


def _agent(identity: Identity) -> Agent:
    return Agent.objects.get(pk=identity.agent_id)


def _own(identity: Identity, key_ref: str) -> ApiKey:
    row = ApiKey.objects.filter(agent_id=identity.agent_id, ref=key_ref).first()
    if row is None:
        raise not_found("key", key_ref)
    return row


def _derived(request: Request, identity: Identity) -> str:
    return derived_key(identity.agent_ref, request.path, idempotency_key(request))


def _refuse_scopes(identity: Identity, scopes: list[str]) -> None:
    """A key makes no key that may do more than itself."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        words = f"There is no scope {unknown[0][:32]!r}." if unknown else "A key has at least one scope."
        raise Refusal(422, "scope_unknown", words, f"Use some of {', '.join(SCOPES)}.", "/scopes")
    for scope in scopes:
        identity.refuse_without(scope)


def _answer(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.ref,
        "prefix": row.prefix,
        "scopes": sorted(row.scopes.split()),
        "created_at": clock.stamp(row.created_at),
        "expires_at": clock.stamp(row.expires_at),
        "revoked_at": clock.stamp(row.revoked_at),
    }
