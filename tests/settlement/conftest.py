"""Settlement's tests move money in the sandbox through the real SDK; each ends with whole books."""

import pytest
import stripe
from django.conf import settings

from marketplace.settlement import gateway
from marketplace.settlement.models import Authorisation, Obligation, WebhookEvent
from marketplace.settlement.verification import verify_all
from tests.settlement.faults import LosesReplies


@pytest.fixture
def money(transactional_db, monkeypatch):
    """Both databases for real, and at the end every journal must be whole."""
    yield
    assert [faults for _, faults in verify_all() if faults] == []


@pytest.fixture
def loses_replies(monkeypatch):
    """Replace the process's client by one that loses replies of paths with these words."""

    def install(*words: str, times: int = 1) -> LosesReplies:
        http = LosesReplies(gateway.client()._requestor._client, *words, times=times)
        broken = stripe.StripeClient(settings.STRIPE_API_KEY, http_client=http, max_network_retries=0)
        monkeypatch.setattr(gateway, "client", lambda: broken)
        return http

    return install


@pytest.fixture
def hurry():
    """Let every row that waits for its next try be due now."""

    def now() -> None:
        for model in (Authorisation, Obligation, WebhookEvent):
            for row in model.objects.exclude(due_at=None):
                model.objects.filter(pk=row.pk).update(due_at="2000-01-01T00:00:00Z")

    return now
