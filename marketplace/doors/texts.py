"""Files for developers, served as they are: the client and what language models read first."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

_HERE = Path(__file__).parent
CLIENT = (_HERE / "client.py").read_text()
LLMS = (_HERE / "llms.txt").read_text()


@require_safe
def client_file(request: HttpRequest) -> HttpResponse:
    """A client that fits this very server."""
    return HttpResponse(CLIENT, content_type="text/x-python; charset=utf-8")


@require_safe
def llms_file(request: HttpRequest) -> HttpResponse:
    """What this is and where to go on, in the words of llmstxt.org; addresses are this server's own."""
    here = request.build_absolute_uri("/").rstrip("/")
    return HttpResponse(LLMS.replace("{here}", here), content_type="text/markdown; charset=utf-8")
