"""Transfers: from the platform's balance to a connected account's."""

from typing import ClassVar

from django.db import models
from django.db.models import Sum

from marketplace.stripe_sandbox.amounts import check_currency, check_positive
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, bad_parameter, missing_object, wrong_state
from marketplace.stripe_sandbox.objects import balance
from marketplace.stripe_sandbox.objects import reversal as reversals
from marketplace.stripe_sandbox.objects.account import Account
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.reversal import Reversal


class Transfer(StripeObject):
    """Money handed on, at once."""

    PREFIX: ClassVar = "tr"
    OBJECT: ClassVar = "transfer"
    ECHOED: ClassVar = ("description",)

    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    destination = models.CharField(max_length=64, db_index=True)
    source_transaction = models.CharField(max_length=64, null=True, db_index=True)
    transfer_group = models.CharField(max_length=255, null=True, db_index=True)
    amount_reversed = models.BigIntegerField(default=0)
    balance_transaction = models.CharField(max_length=64, null=True)

    def as_json(self) -> Body:
        reversals = {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{self.id}/reversals"}
        if self.amount_reversed:  # what was never reversed costs no look
            rows = Reversal.objects.filter(transfer=self.id).order_by("-pk")[:10]
            reversals["data"] = [row.as_json() for row in rows]
        return {
            **self.common_json(),
            "amount": self.amount,
            "amount_reversed": self.amount_reversed,
            "balance_transaction": self.balance_transaction,
            "currency": self.currency,
            "destination": self.destination,
            "destination_payment": None,
            "reversals": reversals,
            "reversed": self.amount_reversed == self.amount,
            "source_transaction": self.source_transaction,
            "source_type": "card",
            "transfer_group": self.transfer_group,
        }


def _payable(wanted: str) -> Account:
    account = Account.seek(wanted, deleted=False)
    if account is None:
        raise missing_object("destination", wanted, "destination")
    if not account.takes_transfers:
        raise wrong_state(
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments",
            "insufficient_capabilities_for_transfer",
        )
    return account


def _source(params: Body, amount: int) -> Charge:
    """The charge that a transfer draws on, if all that was drawn on it stays within it."""
    charge = Charge.find(params["source_transaction"], "source_transaction")
    if charge.currency != params["currency"].lower():
        raise bad_parameter(f"The currency of source_transaction is {charge.currency}", "currency")
    drawn = Transfer.objects.filter(source_transaction=charge.id).aggregate(total=Sum("amount"))["total"] or 0
    if drawn + amount > charge.amount_captured:
        raise wrong_state(
            f"Transfers using this transaction as a source must not exceed the source amount of "
            f"{charge.amount_captured}. (There is already {drawn} transferred from it.)",
            "balance_insufficient",
            param="source_transaction",
        )
    return charge


def create(call: Call) -> Transfer:
    params = call.params
    if "amount" not in params:
        raise bad_parameter("Missing required param: amount.", "amount", "parameter_missing")
    currency = check_currency(params["currency"])
    amount = check_positive(params["amount"], currency=currency)
    account = _payable(params["destination"])
    source = _source(params, amount) if params.get("source_transaction") else None
    if balance.available(balance.PLATFORM, currency) < amount:
        raise wrong_state(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
            "available balance by creating Charges using the 4000000000000077 test card.",
            "balance_insufficient",
        )
    balance.add(account.id, currency, amount)
    transfer = Transfer.make(
        params,
        amount=amount,
        currency=currency,
        destination=account.id,
        source_transaction=source.id if source else None,
        transfer_group=params.get("transfer_group") or (source.transfer_group if source else None),
    )
    transfer.balance_transaction = balance.book("transfer", currency, -amount, transfer.id)
    call.emit("transfer.created", transfer.put())
    return transfer


def retrieve(call: Call) -> Transfer:
    return call.own(Transfer, "transfer")


def update(call: Call) -> Transfer:
    transfer = call.own(Transfer, "transfer")
    transfer.take(call.params)
    transfer.put()
    call.emit("transfer.updated", transfer)
    return transfer


def index(call: Call) -> Body:
    return list_of(call, Transfer.objects.all(), "destination", "transfer_group")


def reverse(call: Call) -> Reversal:
    transfer = call.own(Transfer, "transfer")
    left = transfer.amount - transfer.amount_reversed
    if left == 0:
        raise wrong_state(f"Transfer {transfer.id} is already fully reversed.", "transfer_already_reversed")
    made = reversals.reverse(transfer, left, transfer.destination, transfer.currency, call.params)
    transfer.amount_reversed += made.amount
    transfer.put()
    call.emit("transfer.reversed", transfer)
    return made


def retrieve_reversal(call: Call) -> Reversal:
    transfer, wanted = call.path_ids
    found = Reversal.seek(wanted, transfer=transfer)
    if found is None:
        raise missing_object(Reversal.OBJECT, wanted, "reversal", status=404)
    return found


def index_reversals(call: Call) -> Body:
    return list_of(call, Reversal.objects.filter(transfer=call.own(Transfer, "transfer").id))
