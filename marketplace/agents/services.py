"""What is done with principals, agents and keys."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import BUNDLES, KEY_PREFIX, SCOPES, digest_of, forget_all
from marketplace.agents.models import Agent, ApiKey, Principal
from marketplace.core import clock, limits, streams
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal


@transaction.atomic
def register_agent(
    *, name: str, principal_name: str, kind: str = "person", scope: str = "trade", key: str | None = None
) -> tuple[Agent, str]:
    """A new principal with one agent and one key; the key is returned once and stored only as a hash."""
    at = clock.now()
    principal = Principal.objects.create(ref=new_ref("prn"), name=principal_name, kind=kind, created_at=at)
    agent = new_agent(principal=principal, name=name)
    return agent, issue_key(agent=agent, scopes=BUNDLES[scope], key=key)[1]


@transaction.atomic
def principal_of(*, user: AbstractBaseUser) -> Principal:
    """The person behind a login, made at its first visit."""
    locked = get_user_model().objects.select_for_update().get(pk=user.pk)
    known = Principal.objects.filter(user=locked).first()
    if known is not None:
        return known
    name = locked.email.partition("@")[0][: limits.NAME_CHARS] or "A person"
    return Principal.objects.create(ref=new_ref("prn"), name=name, user=locked, created_at=clock.now())


def suspend_principal(*, principal: Principal, reason: str) -> bool:
    """Its agents' keys are refused from now on, its bids are taken back and nothing is paid to it; until reinstated."""
    rows = Principal.objects.filter(pk=principal.pk, suspended_at=None)
    suspended = rows.update(suspended_at=clock.now(), suspended_for=reason[:200]) == 1
    forget_all()
    return suspended


def reinstate_principal(*, principal: Principal) -> bool:
    """All is as before, but for the bids that were taken back; False where it was not suspended."""
    rows = Principal.objects.filter(pk=principal.pk).exclude(suspended_at=None)
    return rows.update(suspended_at=None, suspended_for="") == 1


@transaction.atomic
def new_agent(*, principal: Principal, name: str, parent: Agent | None = None) -> Agent:
    """An agent with its inbox, and no key yet."""
    agent = Agent.objects.create(
        ref=new_ref("agt"), principal=principal, name=name, parent=parent, created_at=clock.now()
    )
    streams.open_stream(inbox_of(agent.ref))
    return agent


@transaction.atomic
def issue_key(
    *, agent: Agent, scopes: Iterable[str], expires_at: datetime | None = None, key: str | None = None
) -> tuple[ApiKey, str]:
    """A new key for an agent, in clear for this one time; `key` where it was derived from the request."""
    Agent.objects.select_for_update().get(pk=agent.pk)  # so that two at once do not pass the bound together
    if good_keys(agent=agent).count() >= limits.KEYS_PER_AGENT:
        words = f"An agent has at most {limits.KEYS_PER_AGENT} keys."
        raise Refusal(409, "too_many_keys", words, "Revoke one that is not used any more.")
    key = key or KEY_PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        ref=new_ref("key"),
        agent=agent,
        prefix=key[:12],
        digest=digest_of(key),
        scopes=" ".join(scope for scope in SCOPES if scope in set(scopes)),
        created_at=clock.now(),
        expires_at=expires_at,
    )
    return row, key


@transaction.atomic
def rotate_key(*, key: ApiKey, overlap: timedelta, new: str | None = None) -> tuple[ApiKey, str]:
    """A new key with the scopes and lifetime of this one, which stays good for the overlap and no longer."""
    old = ApiKey.objects.select_for_update().get(pk=key.pk)
    now = clock.now()
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise Refusal(409, "key_over", "This key is not good any more.", "Rotate one that is, or issue a new one.")
    lifetime = None if old.expires_at is None else now + (old.expires_at - old.created_at)
    ends = now + overlap
    ApiKey.objects.filter(pk=old.pk).update(expires_at=min(ends, old.expires_at or ends))
    return issue_key(agent=old.agent, scopes=old.scopes.split(), expires_at=lifetime, key=new)


def revoke_key(*, key: ApiKey) -> bool:
    """Revoke a key for good; False where it was revoked before. Its sockets close within seconds."""
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now()) == 1
    forget_all()
    return revoked


def good_keys(*, agent: Agent) -> QuerySet[ApiKey]:
    """The keys that are neither revoked nor expired."""
    rows = ApiKey.objects.filter(agent=agent, revoked_at=None)
    return rows.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
