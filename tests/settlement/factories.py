"""Principals and funded principals, as other tests of settlement need them."""

from datetime import UTC, datetime

import factory

from marketplace.agents.models import Principal
from marketplace.core.refs import new_ref
from marketplace.settlement.models import Journal


class PrincipalFactory(factory.django.DjangoModelFactory):
    """Somebody who owes or is owed."""

    class Meta:
        model = Principal

    ref = factory.LazyFunction(lambda: new_ref("prn"))
    name = factory.Sequence(lambda n: f"Principal {n}")
    created_at = factory.LazyFunction(lambda: datetime.now(UTC))


class JournalFactory(factory.django.DjangoModelFactory):
    """Empty books in euro."""

    class Meta:
        model = Journal

    name = factory.LazyFunction(lambda: "market:" + new_ref("mkt"))
    currency = "EUR"
