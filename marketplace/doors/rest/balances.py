"""What the caller's principal has paid in before: looking, topping up, taking back."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent, Principal
from marketplace.core import clock
from marketplace.core.idempotency import key_hash
from marketplace.core.limits import PAGE_ROWS
from marketplace.core.money import least_charge, minor_text
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import answered, body
from marketplace.doors.rest.shapes.balances import BalanceInFull, BalancePage, TopUp, Withdrawal
from marketplace.doors.rest.strict import bind_key, idempotency_key, once, shaped
from marketplace.mandates.grants import chain_of
from marketplace.mandates.saving import refuse_top_up
from marketplace.settlement.models import Balance, Obligation
from marketplace.settlement.services import standing, top_up, with_card_page, withdraw
from marketplace.settlement.statements import Line, balances_of, lines

PAID = Obligation.State.PAID
WORDS = {
    "topped_up": "{} came from your card.",
    "held": "{} is held for {}.",
    "paid": "{} was paid in {}.",
    "released": "{} was let go by {}.",
    "refunded": "{} came back from {}.",
    "withdrawn": "{} went back to your card.",
    "owed": "{} is owed in {}: too little for a card, so it is collected later.",
    "collected": "{} that was owed came with a charge in {}.",
}


class AmountBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """So much of the balance's currency."""

    amount_minor: int


class TopUpBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """So much, from the newest card or from the newest of a purse."""

    amount_minor: int
    purse: str = ""


class BalancesView(APIView):
    """The principal's balances."""

    @extend_schema(
        operation_id="balances", summary="What my principal has paid in before", responses=answered(BalancePage)
    )
    def get(self, request: Request) -> Response:
        """One a currency."""
        return Response({"balances": balances_answer(caller(request).principal_id), "next_cursor": None})


class BalanceView(APIView):
    """One balance."""

    @extend_schema(
        operation_id="balance", summary="One balance, with its newest entries", responses=answered(BalanceInFull)
    )
    def get(self, request: Request, currency: str) -> Response:
        """Nothing was paid in: there is no such balance."""
        principal_id = caller(request).principal_id
        row = Balance.objects.filter(principal_id=principal_id, currency=currency).select_related("journal").first()
        if row is None:
            raise not_found("balance", currency)
        found = lines(row.journal, PAGE_ROWS)
        return Response({**balance_answer(row), "entries": [_entry(each, currency) for each in found]})


class TopUpsView(APIView):
    """Paying in."""

    @extend_schema(
        operation_id="balance_top_up",
        summary="Charge my principal's card once, onto its balance",
        request=body(TopUpBody, {"amount_minor": 2000}),
        responses=answered(TopUp, 201, 202),
    )
    def post(self, request: Request, currency: str) -> Response:
        """202 while the processor has not answered; the same request again tells how it stands."""
        identity, stated = caller(request, "trade"), shaped(request, TopUpBody)
        bind_key(request)
        row = agent_tops_up(identity, currency, stated, idempotency_key(request))
        answer = {
            "id": row.ref,
            "amount_minor": row.amount_minor,
            "currency": currency,
            "state": row.state,
            "means": f"Your card {'was' if row.state == PAID else 'is being'} charged {_text(row)}.",
            "balance": balance_answer(Balance.objects.get(journal_id=row.journal_id)),
        }
        return Response(answer, status=201 if row.state == PAID else 202)


class WithdrawalsView(APIView):
    """Taking back."""

    @extend_schema(
        operation_id="balance_withdraw",
        summary="Give what is unused back to the card that it came from",
        request=body(AmountBody, {"amount_minor": 500}),
        responses=answered(Withdrawal, 201),
    )
    def post(self, request: Request, currency: str) -> Response:
        """Refunds of the top-ups, the newest first; they are made within seconds."""
        principal = Principal.objects.get(pk=caller(request, "trade").principal_id)
        amount = shaped(request, AmountBody).amount_minor

        def act() -> tuple[int, dict[str, Any]]:
            made = withdraw(principal=principal, currency=currency, amount_minor=amount)
            return 201, {
                "refunds": [row.ref for row in made],
                "amount_minor": amount,
                "currency": currency,
                "means": f"{minor_text(amount, currency)} goes back to your card.",
                "balance": balance_answer(Balance.objects.get(principal=principal, currency=currency)),
            }

        return once(request, act)


def agent_tops_up(identity: Identity, currency: str, stated: TopUpBody, key: str) -> Obligation:
    """A top-up as far as the agent's mandate allows it; a repeat is not weighed again."""
    name = "top_" + key_hash("top_up", identity.agent_ref, currency, key)[:32]
    agent = Agent.objects.select_related("principal").get(pk=identity.agent_id)
    if not Obligation.objects.filter(round_ref=name).exists():
        known = Balance.objects.filter(principal=agent.principal, currency=currency).first()
        available = standing(known.journal).available_minor if known else 0
        amount, chain = stated.amount_minor, chain_of(agent)
        refuse_top_up(chain=chain, currency=currency, amount_minor=amount, available_minor=available, at=clock.now())
    try:
        return top_up(
            principal=agent.principal,
            currency=currency,
            amount_minor=stated.amount_minor,
            name=name,
            purse=stated.purse,
        )
    except Refusal as refusal:
        raise with_card_page(refusal, principal_id=identity.principal_id) from None


def balances_answer(principal_id: int) -> list[dict[str, Any]]:
    """All balances of a principal."""
    return [balance_answer(row) for row in balances_of(Principal.objects.get(pk=principal_id))]


def balance_answer(row: Balance) -> dict[str, Any]:
    """A balance in numbers and in words."""
    now = standing(row.journal)
    held = f", {minor_text(now.held_minor, row.currency)} is held" if now.held_minor else ""
    available, owed = max(now.available_minor, 0), max(-now.available_minor - now.disputed_minor, 0)
    means = f"{minor_text(available, row.currency)} can be used{held}."
    if owed:
        means = f"{minor_text(owed, row.currency)} is owed; your card is charged it with the next charge, or from "
        means += f"{minor_text(least_charge(row.currency), row.currency)} on by itself."
    return {
        "currency": row.currency,
        **now._asdict(),
        "available_minor": available,
        "owed_minor": owed,
        "means": means,
    }


def _entry(line: Line, currency: str) -> dict[str, Any]:
    means = WORDS[line.what].format(minor_text(line.amount_minor, currency), line.market)
    return {**line._asdict(), "at": clock.stamp(line.at), "means": means}


def _text(row: Obligation) -> str:
    return minor_text(row.amount_minor, row.currency)
