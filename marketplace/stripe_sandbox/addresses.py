"""Where people find the sandbox's pages."""

PAGES = "/pages/"
_home = "http://stripe.sandbox"  # nowhere: of the sandbox within a process, whose pages no browser reaches


def live_at(url: str) -> None:
    """A server of this process says where it is."""
    global _home
    _home = url


def page_address(name: str, subject: str) -> str:
    """The address of one page, which is all that it takes to use it."""
    return f"{_home}{PAGES}{name}/{subject}"
