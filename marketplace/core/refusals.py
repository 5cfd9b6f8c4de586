"""Refusals: what every door answers to what it does not accept, as RFC 9457 problem documents."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

CONTENT_TYPE = "application/problem+json"


@dataclass
class Refusal(Exception):
    """Something is not accepted: a stable code, an HTTP status, words, and what to do next.

    `pointer` is an RFC 6901 JSON pointer into the request's body, where the fault lies in one place.
    """

    status: int
    code: str
    detail: str
    next: str
    pointer: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The problem document as a dictionary, members in the order in which they are written."""
        body: dict[str, Any] = {
            "type": f"urn:walras:problem:{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.pointer is not None:
            body["pointer"] = self.pointer
        return {**body, "next": self.next, **self.extra}

    def encoded(self) -> bytes:
        """The bytes that leave through every door."""
        return msgspec.json.encode(self.document())


def wrong_field(code: str, detail: str, pointer: str) -> Refusal:
    """The refusal of what one field of the body says."""
    return Refusal(422, code, detail, "Correct the field and send it again.", pointer)


def not_found(what: str, ref: str) -> Refusal:
    """The refusal for a name that names nothing this caller may see."""
    return Refusal(404, f"{what}_not_found", f"There is no {what} {ref[:64]!r}.", f"List {what}s to see which exist.")
