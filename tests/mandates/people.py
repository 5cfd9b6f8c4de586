"""People with agents under mandates, as stories need them."""

import uuid
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from marketplace.agents.keys import identify
from marketplace.bidding.participations import join_market
from marketplace.core import sweeps
from marketplace.mandates import documents
from marketplace.mandates.checkins import answer_checkin, shown
from marketplace.mandates.grants import grant_mandate
from marketplace.mandates.models import CheckIn
from marketplace.markets.models import Market
from tests.factories import Trader


class Person(Trader):
    """A person who can sign in, and one agent under a mandate of theirs."""

    def __init__(self, mandate: dict | None = None, **stated) -> None:
        super().__init__(**stated)
        name = f"person-{uuid.uuid4().hex[:12]}"
        self.user = User.objects.create_user(name, f"{name}@example.org", "a long pass phrase")
        self.principal = self.agent.principal
        self.principal.user = self.user
        self.principal.save()
        if mandate is not None:
            self.grant(mandate)

    def grant(self, mandate: dict, agent=None) -> None:
        """A new version of the agent's mandate."""
        grant_mandate(agent=agent or self.agent, document=documents.read(mandate), by=self.principal.ref)

    def answer(self, word: str, checkin: CheckIn | None = None, **stated) -> CheckIn:
        """The person's answer to the last thing asked, as it is shown."""
        asked = checkin or self.asked()
        fixed = {"ref": asked.ref, "principal": self.principal, "user": self.user, "digest": shown(asked)["digest"]}
        return answer_checkin(**{**fixed, "word": word, **stated})

    def asked(self) -> CheckIn:
        """The last check-in of this person."""
        return CheckIn.objects.filter(principal=self.principal).latest("pk")

    def join_as(self, key: str, market: Market, limit_minor: int, idempotency: str | None = None):
        """Join with another agent's key."""
        again = idempotency or str(uuid.uuid4())
        return join_market(market=market, identity=identify(key), limit_minor=limit_minor, key=again)


def swept(names: str = "") -> int:
    """Run the sweeps of some app until nothing is due; the clearing child is not needed for these."""
    chosen = [sweep for sweep in sweeps.registered() if sweep.name.startswith(tuple(names.split()))]
    total = 0
    while done := sum(sweep.claim_and_run() for sweep in chosen):
        total += done
    return total


def end_soon(market: Market, seconds: int) -> None:
    """Let the market close in so many seconds."""
    Market.objects.filter(pk=market.pk).update(closes_at=timezone.now() + timedelta(seconds=seconds))
    market.refresh_from_db()
