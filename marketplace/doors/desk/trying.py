"""Try it: what this configuration makes of bids that were made up, uploaded, or of those of a closed market."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from marketplace.clearing.explanations import standing_round
from marketplace.clearing.packages import has_package
from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.core.strict_json import parse
from marketplace.doors.pages.charts import draw
from marketplace.markets.catalogue import rule
from marketplace.markets.desk.samples import sample_bids
from marketplace.markets.models import Market
from marketplace.markets.terms import problem_lots
from marketplace.reports.comparing import compared, drawn_curves

SEEDS = 1_000_000


def try_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft's rule on sample bids beside the other rules that take them; of a closed market its own bids."""
    market = get_object_or_404(Market.objects.select_related("journal"), pk=pk)
    seed = int(request.GET.get("seed") or 1) % SEEDS if (request.GET.get("seed") or "1").isdecimal() else 1
    context: dict[str, Any] = {
        "title": f"Try it: {market.title}",
        "market": market,
        "seed": seed,
        "next": seed + 1,
        "bids_json": "",
    }
    try:
        problem = _problem(market, seed, request.POST.get("bids", ""))
        context |= _shown(market, problem)
    except Refusal as refusal:
        context["refused"] = f"{refusal.detail} {refusal.next}"
    context["given"] = request.POST.get("bids", "")
    context["earlier"] = _is_over(market)
    return TemplateResponse(request, "admin/desk/try.html", {**admin.site.each_context(request), **context})


def _shown(market: Market, problem: dict[str, Any]) -> dict[str, Any]:
    outcomes = list(compared(problem))
    context: dict[str, Any] = {"outcomes": outcomes, "bids": len(problem["bids"])}
    curves = drawn_curves(problem)
    if curves is not None:
        context["chart"] = draw(
            *(curves["demand"], curves["supply"]),
            price=outcomes[0].unit_price,
            traded=outcomes[0].traded,
            exponent=market.exponent,
            currency=market.currency,
        )
    if not _is_over(market):  # made up or uploaded: nobody's secret
        context["bids_json"] = json.dumps(problem["bids"], indent=1)
    return context


def _is_over(market: Market) -> bool:
    return market.state in (Market.State.CLOSED, Market.State.SETTLED)


def _problem(market: Market, seed: int, given: str) -> dict[str, Any]:
    """The problem to clear; the bids of real agents only where the market tells everybody what was bid."""
    if not has_package(market.mechanism):
        fix = "Play it in a market of your own, or with `mechanisms.strategies`."
        raise Refusal(409, "takes_no_bids", "This rule takes no bids on lots, so there are none to try it on.", fix)
    if _is_over(market):
        return _earlier(market)
    head = {"mechanism": market.mechanism, "params": market.params, "seed": f"{seed:08x}"}
    lots = problem_lots(market)
    if not lots:
        raise Refusal(422, "lots_out_of_bounds", "The draft has no lots yet.", "Add some, then try it.")
    bids = _given(given) if given.strip() else sample_bids(rule(market.mechanism), lots, seed)
    return {**head, "currency": market.currency, "exponent": market.exponent, "lots": lots, "bids": bids}


def _given(text: str) -> list[Any]:
    fix = "Paste a JSON list of bids, as problem files have them."
    bids = parse(text.encode(), limits.BATCH_BYTES)
    if not isinstance(bids, list) or len(bids) > limits.RECLEAR_BIDS:
        raise Refusal(422, "invalid_json", f"That is no list of at most {limits.RECLEAR_BIDS:,} bids.", fix)
    return bids


def _earlier(market: Market) -> dict[str, Any]:
    if market.disclosure == Market.Disclosure.OWN_ONLY:
        detail = "This market tells each agent its own result only, so its bids are not cleared again here."
        raise Refusal(403, "not_disclosed", detail, "Try a market that is pseudonymous or public.")
    problem: dict[str, Any] = json.loads(standing_round(market).problem)
    return problem
