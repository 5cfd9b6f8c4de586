"""What pages may load and where their forms may go, for the pages of people and of the login."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

OF_PEOPLE = ("/me/", "/accounts/")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def page_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: nothing from elsewhere, forms to ourselves only, and nothing kept by caches."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith(OF_PEOPLE):
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers["Cache-Control"] = "no-store"
        return response

    return answered
