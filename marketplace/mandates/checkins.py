"""Check-ins: what an agent asks its person, what each answer leads to, and what happens without one: nothing."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from marketplace.agents import inbox
from marketplace.agents.models import Principal
from marketplace.core import clock, limits, sweeps
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal, not_found
from marketplace.mandates import acts, ceilings
from marketplace.mandates.acts import Act
from marketplace.mandates.grants import Chain, locked_chain
from marketplace.mandates.models import Case, CheckIn
from marketplace.mandates.policies import NEVER, Verdict
from marketplace.mandates.words import act_words, reason_words

log = logging.getLogger(__name__)
State = CheckIn.State
YES, NO = "yes", "no"
LEAST_TO_ANSWER = 20  # seconds that a person has at least; with less before the close the agent is refused at once


def answer_by(act: Act, now: datetime) -> datetime:
    """Until when an answer helps: a margin before the close, so that the agent can still bid."""
    left = (act.closes_at - now).total_seconds()
    margin = min(limits.CHECK_IN_MARGIN, left / 2)
    if left - margin < LEAST_TO_ANSWER:
        fix = "Ask earlier, or let your person widen the mandate."
        raise Refusal(403, "too_late_to_ask", "Your person must be asked, and the market closes too soon.", fix)
    return min(act.closes_at - timedelta(seconds=margin), now + timedelta(seconds=limits.CHECK_IN_SECONDS))


def ask(
    *, chain: Chain, act: Act, reference: str, waiting: str, verdict: Verdict, purses: list[str], at: datetime
) -> CheckIn:
    """Put an act to the person; inside the caller's transaction. Nothing is taken and nothing is held for it.

    `reference` is the participation that the act is about, `waiting` what waits for the answer: it, or a raise of it.
    """
    agent = chain.own.agent
    row = CheckIn.objects.create(
        ref=new_ref("chk"),
        agent=agent,
        principal_id=agent.principal_id,
        reference=reference,
        waiting=waiting,
        digest=act.digest(),
        act={"act": act.document(), "reasons": _reasons(chain, verdict)},
        purses=purses,
        answer_by=answer_by(act, at),
        created_at=at,
    )
    inbox.tell(agent_ref=agent.ref, kind="checkin.asked", facts=told(row), at=at)
    sweeps.nudge("mandates.letters")
    return row


def told(row: CheckIn) -> dict[str, Any]:
    """A check-in as the agent hears of it."""
    return {
        "checkin": row.ref,
        "participation": row.reference,
        "state": row.state,
        "answer_by": clock.stamp(row.answer_by),
        **({"outcome": row.outcome} if row.outcome else {}),
    }


def shown(row: CheckIn) -> dict[str, Any]:
    """A check-in as its agent and its person see it: the act, why it is asked, and what each answer leads to."""
    kept = row.act.open()
    act = acts.from_document(kept["act"])
    return told(row) | {
        "id": row.ref,
        "agent": row.agent.ref,
        "act": kept["act"],
        "means": act_words(act),
        "because": kept["reasons"],
        "digest": row.digest,
        "purses": row.purses,
        "yes": f"The agent joins; at most {act_words(act, amount_only=True)} can be charged there.",
        "no": "The agent does not join, and nothing is held or charged.",
        "silence": "Nothing is done.",
    }


@transaction.atomic
def answer_checkin(
    *,
    ref: str,
    principal: Principal,
    user: AbstractBaseUser | None,
    word: str,
    digest: str,
    purse: str = "",
    always_ask: bool = False,
) -> CheckIn:
    """The person's answer, once, in time, and to the very act that was shown; a yes takes the ceilings now."""
    row = CheckIn.objects.select_for_update(of=("self",)).select_related("agent").filter(ref=ref).first()
    if row is None or row.principal_id != principal.pk:
        log.warning("an answer to check-in %s by a principal whose it is not was refused", ref[:64])
        raise not_found("checkin", ref)
    at = clock.now()
    _refuse_late(row, digest, at)
    if word == YES:
        row.purse = _purse(row, purse)
        _take(row, at)
    row.state = State.APPROVED if word == YES else State.DECLINED
    row.answered_at, row.answered_by = at, user
    row.save(update_fields=["state", "answered_at", "answered_by", "purse"])
    _remember(row, word, always_ask, at)
    inbox.tell(agent_ref=row.agent.ref, kind="checkin.answered", facts=told(row), at=at)
    return row


def _refuse_late(row: CheckIn, digest: str, at: datetime) -> None:
    refusal = None
    if row.state != State.PENDING:
        refusal = Refusal(409, "checkin_answered", f"This check-in is {row.state} already.", "See what became of it.")
    elif at >= row.answer_by:
        fix = "Nothing was done; the agent may ask anew."
        refusal = Refusal(409, "checkin_lapsed", "The time to answer is over.", fix)
    elif digest != row.digest:
        fix = "Look at it as it is now, then answer."
        refusal = Refusal(409, "act_changed", "This is not the act that was asked about.", fix)
    if refusal is not None:
        log.warning("an answer to check-in %s was refused: %s", row.ref, refusal.code)
        raise refusal


def _purse(row: CheckIn, purse: str) -> str:
    if row.purses and purse not in row.purses:
        fix = "Choose one of the payment sources."
        raise Refusal(422, "purse_needed", f"Say what to pay with: {', '.join(row.purses)}.", fix, "/purse")
    return purse if row.purses else ""


def _take(row: CheckIn, at: datetime) -> None:
    """The mandate as it is now still decides: an answer widens nothing, and the ceilings must have room now."""
    act = acts.from_document(row.act.open()["act"])
    chain = locked_chain(row.agent_id)
    verdict = chain.decide(act, at)
    if verdict.word == NEVER:
        raise denied(chain, verdict)
    ceilings.commit(chain=chain, reference=row.reference, currency=act.currency, more_minor=act.more_minor, at=at)


def denied(chain: Chain, verdict: Verdict) -> Refusal:
    """The refusal of what a mandate forbids, with its reasons."""
    reasons = _reasons(chain, verdict)
    fix = "Do something else; your person can change the mandate."
    return Refusal(403, "mandate_denied", " ".join(reasons), fix, extra={"reasons": list(verdict.reasons)})


def _reasons(chain: Chain, verdict: Verdict) -> list[str]:
    return [reason_words(reason, chain.own.document) for reason in verdict.reasons]


def _remember(row: CheckIn, word: str, always_ask: bool, at: datetime) -> None:
    """Every answered check-in is one more case."""
    answer = Case.Answer.ASK if always_ask else Case.Answer.ALONE if word == YES else Case.Answer.NEVER
    facts = {"act": row.act.open()["act"], "at": clock.stamp(row.created_at)}
    Case.objects.create(agent=row.agent, act=facts, answer=answer, checkin=row, created_at=at)


def lapse_due() -> int:
    """Silence: what was not answered in time is over, and nothing was done."""
    due = CheckIn.objects.filter(state=State.PENDING, answer_by__lte=clock.now()).select_related("agent")
    return sum(_lapse(row) for row in due[: limits.SWEEP_BATCH])


@transaction.atomic
def _lapse(row: CheckIn) -> bool:
    if CheckIn.objects.filter(pk=row.pk, state=State.PENDING).update(state=State.LAPSED) != 1:
        return False
    row.state = State.LAPSED
    inbox.tell(agent_ref=row.agent.ref, kind="checkin.lapsed", facts=told(row))
    return True


def finish(*, row: CheckIn, outcome: str = "") -> None:
    """An approved check-in is done, or void for a reason: then what was taken for it is free again."""
    state = State.VOID if outcome else State.DONE
    CheckIn.objects.filter(pk=row.pk).update(state=state, outcome=outcome)


def give_up(*, agent_ids: list[int]) -> int:
    """The agents were stopped: nobody needs to answer for them any more."""
    rows = CheckIn.objects.filter(agent_id__in=agent_ids, state=State.PENDING)
    return rows.update(state=State.VOID, outcome="agent_stopped")
