"""What is done with principals, agents and keys."""

import secrets

from django.db import transaction

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import KEY_PREFIX, digest_of
from marketplace.agents.models import Agent, ApiKey, Principal
from marketplace.core import clock, streams
from marketplace.core.refs import new_ref


@transaction.atomic
def register_agent(
    *, name: str, principal_name: str, kind: str = "person", scope: str = "trade", key: str | None = None
) -> tuple[Agent, str]:
    """A new principal with one agent and one key; the key is returned once and stored only as a hash."""
    at = clock.now()
    principal = Principal.objects.create(ref=new_ref("prn"), name=principal_name, kind=kind, created_at=at)
    agent = Agent.objects.create(ref=new_ref("agt"), principal=principal, name=name, created_at=at)
    streams.open_stream(inbox_of(agent.ref))
    return agent, issue_key(agent=agent, scope=scope, key=key)


def issue_key(*, agent: Agent, scope: str = "trade", key: str | None = None) -> str:
    """A new key for an agent, in clear for this one time; `key` where it was derived from the request."""
    key = key or KEY_PREFIX + secrets.token_urlsafe(32)
    ApiKey.objects.create(agent=agent, prefix=key[:12], digest=digest_of(key), scope=scope, created_at=clock.now())
    return key


def revoke_key(*, key: ApiKey) -> bool:
    """Revoke a key for good; False where it was revoked before."""
    return ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now()) == 1
