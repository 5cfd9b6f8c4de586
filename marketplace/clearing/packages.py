"""The package of a cleared round: what a stranger needs to check it, for those whom the market's disclosure allows."""

import json
from typing import Any

import mechanisms
from marketplace.agents.keys import Identity
from marketplace.bidding.models import Bid
from marketplace.bidding.sealing import nonce_of
from marketplace.clearing.explanations import standing_round
from marketplace.core.models import Event
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from marketplace.markets.requests import asks
from marketplace.markets.turns import by_turns
from mechanisms.check.finding import Finding
from mechanisms.check.packages import FORMAT, STANDING, verify_package
from mechanisms.check.verifying import verify
from mechanisms.kinds import read_outcome, read_problem


def package_answer(market: Market, identity: Identity) -> dict[str, Any]:
    """Problem, outcome with certificate, receipts, rule version, and the public events that they hang on."""
    refuse_undisclosed(market, identity)
    if not has_package(market.mechanism):
        detail = f"{market.ref} took no bids on lots: its outcome's problem has all that was said."
        raise Refusal(409, "no_package", detail, "GET .../outcome/ where the market is public, then replay it.")
    return package_of(market)


def has_package(mechanism: str) -> bool:
    """Whether its outcomes hang on bids on lots, which a package shows under their receipts."""
    return not by_turns(mechanism) and not asks(mechanism)


def refuse_undisclosed(market: Market, identity: Identity) -> None:
    """Bids are for everybody where the market is public, else for its operator."""
    if market.disclosure != Market.Disclosure.PUBLIC and market.operator_id != identity.agent_id:
        detail = f"The market's disclosure is {market.disclosure}: its bids are not shown."
        raise Refusal(403, "not_disclosed", detail, "GET .../outcome/ has what is told to you.")


def package_of(market: Market) -> dict[str, Any]:
    """The same, for a caller who has looked at the disclosure."""
    round_ = standing_round(market)
    problem, outcome = json.loads(round_.problem), json.loads(round_.outcome)
    opened, closed = (_facts(market, kind) for kind in ("market.opened", "receipts.published"))
    return {
        "format": FORMAT,
        "market": market.ref,
        "rule": {"mechanism": market.mechanism, "version": mechanisms.get(market.mechanism).version},
        "problem": problem,
        "outcome": outcome,
        "opening": {name: opened[name] for name in ("seed_commitment", "terms")},
        "closing": {name: closed[name] for name in ("root", "bids", "seed", "tie_seed")},
        "receipts": _receipts(market),
        **_left_out(market, round_),
    }


def verify_again(market: Market) -> tuple[str, list[Finding]]:
    """The standing outcome's digest, and what is wrong with its package (nothing, if all is well)."""
    if not has_package(market.mechanism):
        return _played_again(market)
    package = json.loads(json.dumps(package_of(market)))
    return package["outcome"]["digest"], list(verify_package(package))


def _played_again(market: Market) -> tuple[str, list[Finding]]:
    """The same of what hangs on no package: every move, or every offer, again from the start."""
    round_ = standing_round(market)
    problem, outcome = read_problem(round_.problem), read_outcome(round_.outcome)
    findings = verify(problem, outcome)
    if mechanisms.run(market.mechanism, problem).to_json() != outcome.to_json():
        findings.append(Finding("consistent", "not_reproduced", "the rule, run again, leads elsewhere", "/outcome"))
    return outcome.digest, findings


def _left_out(market: Market, round_: Round) -> dict[str, Any]:
    """Of a later round: the first one's problem, which all receipts are of, and what was left out since."""
    if not round_.without and not round_.without_lots:
        return {}
    first = market.rounds.exclude(problem="").filter(without=[], without_lots=[]).earliest("n")
    return {"first": json.loads(first.problem), "without": {"agents": round_.without, "lots": round_.without_lots}}


def _receipts(market: Market) -> list[dict[str, Any]]:
    """Every receipt under the root, in an order that tells nothing of time; standing ones with what opens them."""
    rows = Bid.objects.filter(market=market).order_by("receipt")
    found = []
    columns = ("ref", "receipt", "status", "participation__ref", "key_hash")
    for ref, receipt, status, agent, name in rows.values_list(*columns):
        shown = {"bid": ref, "agent": agent, "nonce": nonce_of(name).hex()} if status == STANDING else {}
        found.append({"receipt": receipt, "status": status, **shown})
    return found


def _facts(market: Market, kind: str) -> dict[str, Any]:
    payload = Event.objects.filter(stream__name=market.stream, kind=kind).values_list("payload", flat=True).first()
    if payload is None:
        detail = f"The outcome of {market.ref} was taken from elsewhere: no bid was received here."
        raise Refusal(409, "no_receipts", detail, "GET .../outcome/ has problem and outcome.")
    facts: dict[str, Any] = json.loads(payload)
    return facts
