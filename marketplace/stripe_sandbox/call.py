"""One API call while it runs: what was asked, by whom, and the events it causes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from marketplace.stripe_sandbox.errors import Refusal, missing_object


class Rendered(Protocol):
    """Anything that becomes one of Stripe's JSON objects."""

    def as_json(self) -> dict[str, Any]: ...


Result = Rendered | dict[str, Any] | Refusal
Recorder = Callable[["Call", str, dict[str, Any]], None]


@dataclass
class Call:
    """Handed to every operation."""

    params: dict[str, Any]
    path_ids: tuple[str, ...]
    url: str
    request_id: str
    record: Recorder
    idempotency_key: str | None = None
    account: str = ""  # of the Stripe-Account header; empty is the platform
    events: int = 0
    listeners: list[Any] | None = None  # the webhook endpoints, read once per call

    @property
    def path_id(self) -> str:
        return self.path_ids[0]

    def emit(self, kind: str, subject: Rendered) -> None:
        """Records an event in the same commit as the effect that it tells of."""
        self.record(self, kind, subject.as_json())
        self.events += 1

    def own(self, model: Any, param: str = "id") -> Any:
        """The object that the path names."""
        found = model.seek(self.path_id)
        if found is None:
            raise missing_object(model.OBJECT, self.path_id, param, status=404)
        return found
