"""Where people find the sandbox's pages."""

from django.conf import settings

PAGES = "/pages/"


def page_address(name: str, subject: str) -> str:
    """The address of one page, which is all that it takes to use it."""
    return f"{settings.STRIPE_API_BASE or 'http://stripe.sandbox'}{PAGES}{name}/{subject}"
