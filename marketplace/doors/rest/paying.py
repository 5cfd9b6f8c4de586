"""How the caller's principal pays, and where it is paid."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.models import Principal
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.paying import AccountPage, PaymentMethodPage, PayoutAccountOpened
from marketplace.doors.rest.shapes.paying import PaymentMethod as MethodAnswer
from marketplace.doors.rest.strict import bind_key, shaped
from marketplace.settlement.models import PaymentMethod, PayoutAccount
from marketplace.settlement.services import (
    add_payment_method,
    add_payout_account,
    follow_account,
    follow_card,
    onboarding_page,
    open_card_page,
)

COUNTRY_CHARS = 2
CARD_WORDS = {
    PaymentMethod.State.PENDING: "Have your person open the page and save a card; you are told by card.saved.",
    PaymentMethod.State.ACTIVE: "It can be charged.",
    PaymentMethod.State.REMOVED: "It cannot be charged.",
}
ACCOUNT_WORDS = {
    PayoutAccount.State.PENDING: "Nothing is paid to it yet: its owner fills in Stripe's form, or Stripe looks at it.",
    PayoutAccount.State.RESTRICTED: "Stripe pays nothing to it: its owner gives what is due at the page.",
    PayoutAccount.State.ENABLED: "It is paid.",
}


class PaymentMethodBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Nothing for a page on which the person saves a card; or one of Stripe's test payment methods."""

    payment_method: str = ""
    purse: str = ""


class PayoutAccountBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The two letters of the country in which the principal is paid; said once."""

    country: str = ""


class PaymentMethodsView(APIView):
    """How the caller's principal pays."""

    @extend_schema(
        operation_id="payment_method_add",
        summary="A page on which my person saves a card; or a test payment method at once",
        request=body(PaymentMethodBody, {"purse": "work"}),
        responses=answered(MethodAnswer, 201, 202),
    )
    def post(self, request: Request) -> Response:
        """202 with the address of Stripe's page; 201 for a card of Stripe's test cards, named by its token."""
        identity, stated = caller(request, "trade"), shaped(request, PaymentMethodBody)
        bind_key(request)
        principal = Principal.objects.get(pk=identity.principal_id)
        if stated.payment_method:
            method = add_payment_method(principal=principal, token=stated.payment_method, purse=stated.purse)
        else:
            method = open_card_page(principal=principal, purse=stated.purse)
        return Response(method_answer(method), status=202 if method.state == PaymentMethod.State.PENDING else 201)

    @extend_schema(
        operation_id="payment_methods",
        summary="My principal's cards",
        parameters=PARAMETERS,
        responses=answered(PaymentMethodPage),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = PaymentMethod.objects.filter(principal_id=caller(request).principal_id)
        return Response(
            listed("payment_methods", newest_first(rows, paging(request.query_params.dict())), method_answer)
        )


class PaymentMethodView(APIView):
    """One card, or the page on which it is to be saved."""

    @extend_schema(
        operation_id="payment_method", summary="One of my principal's cards", responses=answered(MethodAnswer)
    )
    def get(self, request: Request, method_ref: str) -> Response:
        """Asked of Stripe afresh while it waits for its person."""
        rows = PaymentMethod.objects.filter(principal_id=caller(request).principal_id, ref=method_ref)
        method = rows.first()
        if method is None:
            raise not_found("payment_method", method_ref)
        return Response(method_answer(follow_card(method=method)))


class PayoutAccountsView(APIView):
    """Where the caller's principal is paid."""

    @extend_schema(
        operation_id="payout_account_open",
        summary="Open the payout account; its owner identifies itself on a page of Stripe's",
        request=body(PayoutAccountBody, {"country": "NL"}),
        responses=answered(PayoutAccountOpened, 201, 202),
    )
    def post(self, request: Request) -> Response:
        """A connected account, one a principal; a repeat gives the same, with a fresh page where one is needed."""
        identity, stated = caller(request, "trade"), shaped(request, PayoutAccountBody)
        _check_country(stated.country)
        bind_key(request)
        account = add_payout_account(principal=Principal.objects.get(pk=identity.principal_id), country=stated.country)
        enabled = account.state == PayoutAccount.State.ENABLED
        page = {} if enabled else {"page": onboarding_page(account=account)}
        return Response({**account_answer(account), **page}, status=201 if enabled else 202)

    @extend_schema(
        operation_id="payout_account", summary="My principal's payout account, if any", responses=answered(AccountPage)
    )
    def get(self, request: Request) -> Response:
        """Asked of Stripe afresh while it is not enabled."""
        rows = PayoutAccount.objects.filter(principal_id=caller(request).principal_id)
        known = [account_answer(follow_account(account=account)) for account in rows]
        return Response({"payout_accounts": known, "next_cursor": None})


def method_answer(method: PaymentMethod) -> dict[str, Any]:
    """A card as its principal's agents see it; the page only while it is open."""
    state = PaymentMethod.State(method.state)
    waits = state == PaymentMethod.State.PENDING and method.page
    return {
        "id": method.ref,
        "label": method.label,
        **({"purse": method.purse} if method.purse else {}),
        "state": method.state,
        **({"page": method.page} if waits else {}),
        "means": CARD_WORDS[state],
    }


def account_answer(account: PayoutAccount) -> dict[str, Any]:
    """A payout account as its principal's agents see it."""
    state = PayoutAccount.State(account.state)
    return {
        "id": account.ref,
        "country": account.country,
        "state": account.state,
        "due": account.due,
        "means": ACCOUNT_WORDS[state],
    }


def _check_country(country: str) -> None:
    if country and not (len(country) == COUNTRY_CHARS and country.isascii() and country.isupper()):
        detail = "A country is two capital letters, such as NL."
        raise Refusal(422, "country_invalid", detail, "Send its ISO 3166 code.", "/country")
