"""Every address of the service, as the router has it."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def addresses(patterns: list | None = None) -> Iterator[tuple[str, list[str], Any]]:
    """(name, arguments, view) of every address but the admin's, whose models are another list."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("admin"):
                yield from addresses(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name, list(pattern.pattern.regex.groupindex), pattern.callback


def methods(view: Any) -> list[str]:
    """What a REST view takes; pages are looked at."""
    shown = getattr(view, "cls", None)
    return [name for name in ("get", "post", "put", "delete") if hasattr(shown, name)] if shown else ["get"]
