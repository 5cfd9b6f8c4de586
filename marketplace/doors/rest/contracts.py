"""Contracts: what awards bind the caller to, answered, cancelled, verified."""

from typing import Annotated, Any

import msgspec
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.clearing.answering import answer_contract, find_contract
from marketplace.clearing.cancelling import cancel_contract
from marketplace.clearing.models import Contract
from marketplace.core import clock
from marketplace.core.money import minor_text
from marketplace.core.refusals import Refusal
from marketplace.core.signing import ForgedError, published_keys, verified
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, NothingBody, answered, body
from marketplace.doors.rest.shapes.common import one_of
from marketplace.doors.rest.shapes.contracts import Contract as ContractShape
from marketplace.doors.rest.shapes.contracts import ContractCheck, ContractPage
from marketplace.doors.rest.strict import once, shaped

State = Contract.State
WORDS = {
    State.OFFERED: "The seller has until {by} to accept; until then nothing is collected.",
    State.ACCEPTED: "It binds both sides: {amount}.",
    State.REFUSED: "The seller refused; nothing is owed, and the market was cleared again.",
    State.LAPSED: "The seller did not answer in time; nothing is owed, and the market was cleared again.",
    State.SUPERSEDED: "Its round does not stand any more; nothing is owed by it.",
    State.CANCELLED: "It was cancelled; {refund} goes back.",
}


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """accept, or refuse."""

    answer: Annotated[str, one_of(["accept", "refuse"])]


class CheckBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A signed document: header, claims and signature, in the compact form of a JWS."""

    document: str


class ContractsView(APIView):
    """All contracts of the caller's principal."""

    @extend_schema(
        operation_id="contracts",
        summary="My contracts, as bidder or seller",
        parameters=PARAMETERS,
        responses=answered(ContractPage),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        identity = caller(request)
        rows = own_contracts(identity)
        page = newest_first(rows, paging(request.query_params.dict()))
        return Response(listed("contracts", page, lambda row: contract_answer(row, identity)))


class ContractView(APIView):
    """One contract."""

    @extend_schema(
        operation_id="contract",
        summary="One of my contracts, with its signed document",
        responses=answered(ContractShape),
    )
    def get(self, request: Request, contract_ref: str) -> Response:
        """For its two parties."""
        identity = caller(request)
        return Response(contract_answer(find_contract(contract_ref, identity), identity))


class AnswersView(APIView):
    """The seller's word."""

    @extend_schema(
        operation_id="contract_answer",
        summary="Accept or refuse a contract (its seller)",
        request=body(AnswerBody, {"answer": "accept"}),
        responses=answered(ContractShape),
    )
    def post(self, request: Request, contract_ref: str) -> Response:
        """Once, within the time that it states."""
        identity, stated = caller(request, "trade"), shaped(request, AnswerBody)
        contract = find_contract(contract_ref, identity)

        def act() -> tuple[int, dict[str, Any]]:
            return 200, contract_answer(
                answer_contract(contract=contract, identity=identity, answer=stated.answer), identity
            )

        return once(request, act)


class CancellationsView(APIView):
    """Taking a contract back."""

    @extend_schema(
        operation_id="contract_cancel",
        summary="Cancel a contract, under the market's terms",
        request=body(NothingBody, {}),
        responses=answered(ContractShape),
    )
    def post(self, request: Request, contract_ref: str) -> Response:
        """A seller gives everything back, a bidder gets what the terms say now."""
        identity = caller(request, "trade")
        shaped(request, NothingBody)
        contract = find_contract(contract_ref, identity)

        def act() -> tuple[int, dict[str, Any]]:
            return 200, contract_answer(cancel_contract(contract=contract, identity=identity), identity)

        return once(request, act)


class ContractChecksView(APIView):
    """Whether a document is one of ours, for those who would rather not verify the signature themselves."""

    @extend_schema(
        operation_id="contract_check",
        summary="What a signed document says, if we signed it",
        request=body(CheckBody, {"document": "eyJ..."}),
        responses=answered(ContractCheck),
    )
    def post(self, request: Request) -> Response:
        """The claims; a forged one is refused. No Idempotency-Key is needed."""
        caller(request, "read")
        try:
            return Response({"claims": verified(shaped(request, CheckBody).document)})
        except ForgedError:
            detail = "No key of ours signed this document as it stands."
            fix = "Ask for the document at GET contracts/{id}/; trust nothing that this one says."
            raise Refusal(422, "contract_forged", detail, fix, "/document") from None


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """The keys that contracts are signed with (RFC 7517)."""
    return JsonResponse(published_keys())


def own_contracts(identity: Identity) -> Any:
    """Contracts that the caller's principal is a party of."""
    mine = Q(participation__agent__principal_id=identity.principal_id) | Q(seller__principal_id=identity.principal_id)
    return Contract.objects.filter(mine).select_related("market", "round", "participation__agent", "seller")


def contract_answer(row: Contract, identity: Identity) -> dict[str, Any]:
    """A contract as every door shows it to one of its parties."""
    sells = row.seller is not None and row.seller.principal_id == identity.principal_id
    amount, refund = (minor_text(each, row.market.currency) for each in (row.amount_minor, row.refund_minor))
    by = clock.stamp(row.answer_by)
    return {
        "id": row.ref,
        "market": row.market.ref,
        "round": row.round.ref,
        "role": "seller" if sells else "bidder",
        "state": row.state,
        "answer_by": by,
        "amount_minor": row.amount_minor,
        "currency": row.market.currency,
        "refund_minor": row.refund_minor,
        "claims": verified(row.document),
        "document": row.document,
        "acceptance": row.acceptance or None,
        "means": WORDS[State(row.state)].format(by=by, amount=amount, refund=refund),
    }
