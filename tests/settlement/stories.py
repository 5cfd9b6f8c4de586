"""What settlement's stories have in common: funded principals, a market's books, a cleared round."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from marketplace.agents.models import Principal
from marketplace.core.refs import new_ref
from marketplace.settlement import calls, gateway, services
from marketplace.settlement.models import Authorisation, Journal, Obligation
from tests.onboarding import onboard
from tests.settlement.factories import JournalFactory, PrincipalFactory


def payer(card: str = "pm_card_visa") -> Principal:
    """Somebody with a card."""
    principal = PrincipalFactory()
    services.add_payment_method(principal=principal, token=card)
    return principal


def payee() -> Principal:
    """Somebody with an account that can be paid."""
    principal = PrincipalFactory()
    onboard(principal)
    return principal


@dataclass
class Sale:
    """One market: its books, its participants' holds, its one round."""

    journal: Journal = field(default_factory=JournalFactory)
    seller: Principal = field(default_factory=payee)
    round_ref: str = field(default_factory=lambda: new_ref("rnd"))
    seller_ref: str = field(default_factory=lambda: new_ref("prt"))

    def reserved(self, limit: int, principal: Principal | None = None, **how: Any) -> Authorisation:
        """A participation's hold, written down."""
        principal, reference = principal or payer(), new_ref("prt")
        with transaction.atomic():
            return services.reserve(
                journal=self.journal, reference=reference, principal=principal, amount_minor=limit, **how
            )

    def joined(self, limit: int, principal: Principal | None = None) -> Authorisation:
        """A participation's hold, made."""
        return services.authorise(authorisation=self.reserved(limit, principal))

    def cleared(self, collects: dict[str, int], payout: int | None = None, surplus: int = 0) -> list[Obligation]:
        """The outcome's obligations: by default the seller gets everything."""
        total = sum(collects.values())
        with transaction.atomic():
            return services.record_obligations(
                journal=self.journal,
                round_ref=self.round_ref,
                collects=collects,
                payouts={self.seller_ref: total - surplus if payout is None else payout},
                principals={self.seller_ref: self.seller.pk},
                surplus_minor=surplus,
                residue_minor=0 if payout is None else total - surplus - payout,
            )

    def states(self, kind: str) -> list[str]:
        """The states of the round's obligations of one kind."""
        rows = Obligation.objects.filter(journal=self.journal, kind=kind).order_by("pk")
        return list(rows.values_list("state", flat=True))


def intent(authorisation: Authorisation) -> dict:
    """What Stripe says of the payment now."""
    authorisation.refresh_from_db()
    return calls.fetch_intent(authorisation.payment_intent).object


def all_of(kind: str) -> list[dict]:
    """Every object of one kind that Stripe has: payment_intents, transfers, customers, accounts."""
    return gateway.call(lambda client: getattr(client.v1, kind).list({"limit": 100})).object["data"]
