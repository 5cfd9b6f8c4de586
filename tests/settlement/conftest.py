"""Settlement's tests move money in the sandbox through the real SDK."""

from functools import partial

import pytest
import stripe
from django.conf import settings

from marketplace.settlement import gateway
from marketplace.settlement.models import Authorisation, Obligation, WebhookEvent
from tests.settlement.faults import Faulty, LosesReplies, NeverArrives, SavedFailure


@pytest.fixture
def faulty(monkeypatch):
    """Replace the process's client by one with a fault."""

    def install(kind: type[Faulty], *words: str, times: int = 1) -> Faulty:
        http = kind(gateway.client()._requestor._client, *words, times=times)
        broken = stripe.StripeClient(settings.STRIPE_API_KEY, http_client=http, max_network_retries=0)
        monkeypatch.setattr(gateway, "client", lambda: broken)
        return http

    return install


@pytest.fixture
def loses_replies(faulty):
    """A client that loses replies of paths with these words."""
    return partial(faulty, LosesReplies)


@pytest.fixture
def never_arrives(faulty):
    """A client whose calls to paths with these words never arrive."""
    return partial(faulty, NeverArrives)


@pytest.fixture
def saved_failure(faulty):
    """A client behind which Stripe fails at paths with these words, and saves that answer."""
    return partial(faulty, SavedFailure)


@pytest.fixture
def hurry():
    """Let every row that waits for its next try be due now."""

    def now() -> None:
        for model in (Authorisation, Obligation, WebhookEvent):
            for row in model.objects.exclude(due_at=None):
                model.objects.filter(pk=row.pk).update(due_at="2000-01-01T00:00:00Z")

    return now
