"""Exports of one market, asked for on its desk page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.formats import FORMATS
from marketplace.reports.jobs import ask_export
from marketplace.reports.scopes import CLOSED


def export_formats(market: Market) -> list[str]:
    """What its outcome can be had in; nothing before it has closed."""
    return list(FORMATS) if market.state in CLOSED else []


@require_POST
def export_market(request: HttpRequest, pk: int) -> HttpResponse:
    """Tables, codebook and package of this market, as its disclosure allows; then the list that shows how far it is."""
    market = get_object_or_404(Market, pk=pk)
    try:
        form = request.POST.get("format", "")
        made = ask_export(asked_by=f"staff {request.user.pk}", operator_id=None, form=form, market=market)
    except Refusal as refusal:
        messages.error(request, f"{refusal.detail} {refusal.next}")
        return HttpResponseRedirect(reverse("admin:desk-market", args=[pk]))
    messages.success(request, f"{made.ref} will be made; this list shows how far it is.")
    return HttpResponseRedirect(reverse("admin:reports_export_changelist"))
