"""Principals behind which one and the same purse or person stands, as far as our rows can tell."""

from django.db.models import Q, QuerySet

from marketplace.agents.models import Principal
from marketplace.settlement.models import PaymentMethod

EVERYBODYS = "pm_card_"  # Stripe's published test cards, which all who test share


def kin_of(principal_id: int) -> frozenset[int]:
    """The principal, and those that share a person who signs in, a card or a payout account with it."""
    own = Principal.objects.get(pk=principal_id)
    shared = Q(pk=principal_id)
    if own.user_id is not None:
        shared |= Q(user_id=own.user_id)
    cards = _cards().filter(principal=own).values("fingerprint")
    shared |= Q(pk__in=_cards().filter(fingerprint__in=cards).values("principal"))
    account = getattr(own, "payout_account", None)
    if account is not None and account.stripe_account:
        shared |= Q(payout_account__stripe_account=account.stripe_account)
    return frozenset(Principal.objects.filter(shared).values_list("pk", flat=True))


def _cards() -> QuerySet[PaymentMethod]:
    return PaymentMethod.objects.exclude(fingerprint="").exclude(token__startswith=EVERYBODYS)
