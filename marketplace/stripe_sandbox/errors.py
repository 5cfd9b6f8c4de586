"""Refusals in Stripe's shape: type, code, param, message and the HTTP status that goes with them."""

from typing import Any

Body = dict[str, Any]


class Refusal(Exception):
    """Raised, it undoes what the call did; returned by a call, it is the answer and the effects stay (a decline)."""

    def __init__(self, message: str, *, status: int = 400, stored: bool = False, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.stored = stored  # replayed under the same Idempotency-Key: only what began to execute is
        self.error: Body = {"type": "invalid_request_error", **fields, "message": message}
        if code := fields.get("code"):
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


def bad_parameter(message: str, param: str, code: str | None = None) -> Refusal:
    """The input is at fault; nothing was executed and nothing is stored."""
    fields: Body = {"code": code} if code else {}
    return Refusal(message, param=param, **fields)


def missing_object(kind: str, wanted: str, param: str, status: int = 400) -> Refusal:
    """There is no such object; Stripe says 404 for the object in the path and 400 for one in a parameter."""
    return Refusal(f"No such {kind}: '{wanted}'", status=status, stored=True, code="resource_missing", param=param)


def wrong_state(message: str, code: str, **fields: Any) -> Refusal:
    """The objects forbid it now; the answer is stored, for the call began to execute."""
    return Refusal(message, stored=True, code=code, **fields)


def not_built(param: str) -> Refusal:
    """Better to refuse than to let money move otherwise than Stripe would move it."""
    return bad_parameter(f"Stripe knows `{param}`, this sandbox does not implement it.", param, "sandbox_not_built")
