"""Mandates and check-ins as agents see them: what they may do, what they would be told, what they have asked."""

from typing import Annotated, Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent
from marketplace.bidding.acts import act_of, looks_back
from marketplace.core import clock
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.me import mandate_answer
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.mandates import (
    AP2,
    MANDATE,
    Ap2Mandates,
    CheckInPage,
    Decision,
    MandateGranted,
    MandateNow,
)
from marketplace.doors.rest.shapes.mandates import CheckIn as CheckInAnswer
from marketplace.doors.rest.strict import idempotency_key, once, shaped
from marketplace.mandates import documents
from marketplace.mandates.ap2 import read_open_mandate, write_open_mandates
from marketplace.mandates.checkins import shown
from marketplace.mandates.documents import COUNTERPARTY
from marketplace.mandates.grants import chain_of, grant_mandate
from marketplace.mandates.models import CheckIn
from marketplace.mandates.policies import Verdict, may_tell, strictest
from marketplace.mandates.purses import purse_for
from marketplace.mandates.words import reason_words
from marketplace.markets.terms import find_market


class MandateBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A mandate for a sub-agent: ours, or the content of an AP2 open payment mandate."""

    agent: str
    mandate: Annotated[Any, MANDATE] = None
    ap2: Annotated[Any, AP2] = None


class DecisionBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the caller thinks of doing: join a market under a limit, or tell a field to somebody."""

    market: str | None = None
    limit_minor: int | None = None
    tell: str | None = None
    to: str | None = None


JOINING_OR_TELLING = [
    {
        "required": ["market", "limit_minor"],
        "properties": {"market": {"type": "string"}, "limit_minor": {"type": "integer"}},
    },
    {"required": ["tell"], "properties": {"tell": {"type": "string"}}},
]


class MandatesView(APIView):
    """The caller's mandate, and those that it grants below itself."""

    @extend_schema(
        operation_id="mandate",
        summary="What I may do, as JSON and in words, and what is left of it",
        responses=answered(MandateNow),
    )
    def get(self, request: Request) -> Response:
        """The mandate that counts now."""
        return Response(mandate_answer(chain_of(_agent(caller(request)))))

    @extend_schema(
        operation_id="mandate_grant",
        summary="Grant a sub-agent of mine a narrower mandate",
        request=body(MandateBody, {"agent": "agt_...", "mandate": {"ceilings": {"EUR": {"deal_minor": 5000}}}}),
        responses=answered(MandateGranted, 201),
    )
    def post(self, request: Request) -> Response:
        """A new version; refused where it goes beyond the caller's own."""
        identity, stated = caller(request, "keys"), shaped(request, MandateBody)
        idempotency_key(request)
        agent = Agent.objects.filter(ref=stated.agent, parent_id=identity.agent_id).first()
        if agent is None:
            raise not_found("agent", stated.agent)
        ours = stated.ap2 is None
        document = documents.read(stated.mandate, "/mandate") if ours else read_open_mandate(stated.ap2).document

        def act() -> tuple[int, dict[str, Any]]:
            row = grant_mandate(agent=agent, document=document, by=identity.agent_ref)
            return 201, {"id": row.ref, "agent": agent.ref, "version": row.version}

        return once(request, act)


class Ap2View(APIView):
    """The caller's mandate in AP2's words."""

    @extend_schema(
        operation_id="mandate_as_ap2",
        summary="My mandate as AP2 open payment mandates, one a currency",
        responses=answered(Ap2Mandates),
    )
    def get(self, request: Request) -> Response:
        """Unsigned contents; `not_expressed` names what AP2 has no constraint for."""
        document = chain_of(_agent(caller(request))).own.document
        return Response({"open_mandates": write_open_mandates(document)})


class DecisionsView(APIView):
    """What would be said to an act; nothing is done, so no Idempotency-Key is needed."""

    @extend_schema(
        operation_id="mandate_decision",
        summary="Would this be allowed: alone, ask or never?",
        request=body(DecisionBody, {"market": "mkt_...", "limit_minor": 5000}, anyOf=JOINING_OR_TELLING),
        responses=answered(Decision),
    )
    def post(self, request: Request) -> Response:
        """The verdict with its reasons."""
        return Response(decision_answer(caller(request, "read"), shaped(request, DecisionBody)))


class CheckInsView(APIView):
    """What the caller has asked its person."""

    @extend_schema(
        operation_id="checkins",
        summary="My check-ins, newest first",
        parameters=PARAMETERS,
        responses=answered(CheckInPage),
    )
    def get(self, request: Request) -> Response:
        """A page."""
        rows = _own_checkins(caller(request))
        return Response(listed("checkins", newest_first(rows, paging(request.query_params.dict())), shown))


class CheckInView(APIView):
    """One check-in."""

    @extend_schema(operation_id="checkin", summary="One of my check-ins", responses=answered(CheckInAnswer))
    def get(self, request: Request, checkin_ref: str) -> Response:
        """The caller's own; another's does not exist for it."""
        return Response(shown(own_checkin(caller(request), checkin_ref)))


def own_checkin(identity: Identity, ref: str) -> CheckIn:
    """A check-in of this agent."""
    row = _own_checkins(identity).filter(ref=ref).first()
    if row is None:
        raise not_found("checkin", ref)
    return row


def decision_answer(identity: Identity, stated: DecisionBody) -> dict[str, Any]:
    """What the mandates of the caller's chain say to an act."""
    agent = _agent(identity)
    verdict = _telling(agent, stated) if stated.tell is not None else _joining(agent, stated)
    document = chain_of(agent).own.document
    words = [reason_words(reason, document) for reason in verdict.reasons]
    return {"would": verdict.word, "reasons": list(verdict.reasons), "because": words}


def _joining(agent: Agent, stated: DecisionBody) -> Verdict:
    if stated.market is None or stated.limit_minor is None:
        fix = "Send market and limit_minor, or tell and to."
        raise Refusal(400, "missing_field", "Say what you think of doing.", fix, "/market")
    chain, at = chain_of(agent), clock.now()
    market = find_market(stated.market)
    act = act_of(market=market, agent=agent, limit_minor=stated.limit_minor, look_back=looks_back(chain))
    verdict = chain.decide(act, at)
    asked_for_purse = verdict.word != "never" and purse_for(chain, act, at)[0] is None
    return Verdict("ask", (*verdict.reasons, "purse")) if asked_for_purse else verdict


def _telling(agent: Agent, stated: DecisionBody) -> Verdict:
    """`to` is an agent's ref, `anyone`, or the ref of a market, whose sellers are counterparties."""
    to = {stated.to or documents.ANYONE}
    if stated.to is not None and stated.to.startswith("agt_") and _trades_with(agent, stated.to):
        to.add(COUNTERPARTY)
    links = chain_of(agent).links
    return strictest(may_tell(link.document, str(stated.tell), frozenset(to), clock.now()) for link in links)


def _trades_with(agent: Agent, other: str) -> bool:
    """Whether the other sells in an open market that the agent takes part in."""
    joined = agent.participations.filter(state="active", market__state="open")
    return joined.filter(market__lots__seller__ref=other).exists()


def _own_checkins(identity: Identity) -> Any:
    return CheckIn.objects.filter(agent_id=identity.agent_id).select_related("agent")


def _agent(identity: Identity) -> Agent:
    return Agent.objects.select_related("principal").get(pk=identity.agent_id)
