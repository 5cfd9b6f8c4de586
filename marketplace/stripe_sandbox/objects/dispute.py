"""Disputes: a cardholder takes the money back through the bank, until the bank decides."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, wrong_state
from marketplace.stripe_sandbox.objects import balance
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.charge import Charge

DAYS_TO_ANSWER = 7 * 24 * 3600
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}  # as in Stripe's test mode


class Dispute(StripeObject):
    """needs_response, then won or lost; the money is gone from the first day and comes back when won."""

    PREFIX: ClassVar = "du"
    OBJECT: ClassVar = "dispute"

    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    charge = models.CharField(max_length=64, db_index=True)
    payment_intent = models.CharField(max_length=64, db_index=True)
    reason = models.CharField(max_length=32, default="fraudulent")
    status = models.CharField(max_length=32, default="needs_response")
    evidence = models.JSONField(default=dict)

    def as_json(self) -> Body:
        lines = balance.BalanceTransaction.objects.filter(source=self.id).order_by("pk")
        return {
            **self.common_json(),
            "amount": self.amount,
            "balance_transactions": [line.as_json() for line in lines],
            "charge": self.charge,
            "currency": self.currency,
            "evidence": self.evidence,
            "evidence_details": {
                "due_by": self.created + DAYS_TO_ANSWER,
                "has_evidence": bool(self.evidence),
                "past_due": now() > self.created + DAYS_TO_ANSWER,
                "submission_count": int(self.status != "needs_response"),
            },
            "is_charge_refundable": False,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "status": self.status,
        }

    def end(self, verdict: str, call: Call) -> None:
        """The bank has decided."""
        self.status = verdict
        if verdict == "won":
            balance.book("adjustment", self.currency, self.amount, self.id)
            charge = Charge.find(self.charge, "charge")
            charge.disputed = False
            charge.put()
        call.emit("charge.dispute.closed", self.put())
        if verdict == "won":
            call.emit("charge.dispute.funds_reinstated", self)


def open_dispute(charge: Charge, call: Call) -> None:
    """What the card for it does after its capture."""
    charge.disputed = True
    charge.put()
    dispute = Dispute.make(
        {},
        amount=charge.amount_captured,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
    )
    call.emit("charge.dispute.created", dispute.put())
    balance.book("adjustment", charge.currency, -charge.amount_captured, dispute.id)
    call.emit("charge.dispute.funds_withdrawn", dispute)


def _answerable(call: Call) -> Dispute:
    dispute: Dispute = call.own(Dispute, "dispute")
    if dispute.status != "needs_response":
        raise wrong_state("This dispute is already closed.", "dispute_closed")
    return dispute


def update(call: Call) -> Dispute:
    dispute = _answerable(call)
    dispute.take(call.params)
    dispute.evidence |= call.params.get("evidence") or {}
    verdict = VERDICTS.get(str(dispute.evidence.get("uncategorized_text")))
    if call.params.get("submit", True) and verdict:
        dispute.end(verdict, call)
    else:
        call.emit("charge.dispute.updated", dispute.put())
    return dispute


def close(call: Call) -> Dispute:
    dispute = _answerable(call)
    dispute.end("lost", call)
    return dispute


def retrieve(call: Call) -> Dispute:
    return call.own(Dispute, "dispute")


def index(call: Call) -> Body:
    return list_of(call, Dispute.objects.all(), "charge", "payment_intent")
