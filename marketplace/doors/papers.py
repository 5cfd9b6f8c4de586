"""The report of one market as an answer, in the form that its address or `Accept` names."""

from django.http import HttpRequest, HttpResponse

from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.papers.making import POLICY, market_paper

FORMS = {"html": "text/html", "pdf": "application/pdf"}


def form_named(name: str) -> str:
    """The form of that suffix; refused where there is none."""
    if name not in FORMS:
        detail = f"The report of a market comes as {' or '.join(FORMS)}; there is no {name[:20]!r}."
        raise Refusal(406, "format_unknown", detail, "Name one of these, by suffix or by Accept.")
    return name


def form_accepted(request: HttpRequest) -> str:
    """By `Accept`; a page where anything is accepted."""
    media = {kind: form for form, kind in FORMS.items()}
    wanted = request.get_preferred_type(list(media))
    return media[wanted] if wanted else form_named(request.headers.get("Accept", ""))


def paper_response(market: Market, form: str, *, in_full: bool = False) -> HttpResponse:
    """The page, which loads nothing and runs nothing, or the PDF."""
    paper = market_paper(market, in_full=in_full)
    if form == "pdf":
        response = HttpResponse(paper.pdf, content_type=FORMS[form])
        response["Content-Disposition"] = f'inline; filename="report-{market.ref}.pdf"'
    else:
        response = HttpResponse(paper.html, content_type=f"{FORMS[form]}; charset=utf-8")
        response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-cache"
    response["Vary"] = "Accept, Authorization"
    return response
