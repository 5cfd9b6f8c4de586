"""Purses: which of a principal's labelled payment sources pays for an act; where rules do not say, the person does."""

from datetime import datetime

from marketplace.mandates.acts import Act
from marketplace.mandates.grants import Chain
from marketplace.mandates.policies import matches
from marketplace.settlement.models import PaymentMethod


def purse_for(chain: Chain, act: Act, at: datetime) -> tuple[str | None, list[str]]:
    """(the purse that pays, nothing to choose), or (None, the purses to choose from).

    A principal without labelled sources has nothing to choose: then the purse is "", and the newest card pays.
    """
    labels = _labels(chain.own.agent.principal_id)
    if act.more_minor == 0 or not labels:
        return "", []
    rules = chain.document_of_rules().purses
    fitting = [rule.purse for rule in rules if matches(rule.when, act, at, chain.time_zone)] if rules else labels
    found = sorted({purse for purse in fitting if purse in labels})
    return (found[0], []) if len(found) == 1 else (None, found or labels)


def _labels(principal_id: int) -> list[str]:
    rows = PaymentMethod.objects.filter(principal_id=principal_id, state=PaymentMethod.State.ACTIVE)
    return sorted(set(rows.exclude(purse="").values_list("purse", flat=True)))
