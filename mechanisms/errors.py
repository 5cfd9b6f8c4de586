"""One error class for everything that can be wrong with what a caller hands in."""

from __future__ import annotations

from typing import Any


class ProblemError(ValueError):
    """Refused input: a stable snake_case `code`, a `detail` in words, an RFC 6901 `pointer` into the input."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(f"{code} at '{pointer}': {detail}")
        self.code = code
        self.detail = detail
        self.pointer = pointer

    def document(self) -> dict[str, Any]:
        """The error as an RFC 9457 problem document (a dict ready for JSON)."""
        return {
            "type": f"urn:walras:problem:{self.code}",
            "title": self.code.replace("_", " "),
            "status": 400,
            "code": self.code,
            "detail": self.detail,
            "pointer": self.pointer,
        }


def escape(token: str) -> str:
    """One reference token of a JSON pointer, escaped as RFC 6901 asks."""
    return token.replace("~", "~0").replace("/", "~1")
