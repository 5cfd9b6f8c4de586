"""Request and answer shapes for OpenAPI, drawn from the msgspec Structs that really parse them."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter

from marketplace.core import limits
from marketplace.doors.rest.shapes.problems import Problem

_NUMBER = {"type": "integer", "minimum": 0, "maximum": 10**18}
NUMBER_AFTER = OpenApiParameter("after", _NUMBER, description="the last event of the first stream that you have")
NUMBER_MINE = OpenApiParameter("mine", _NUMBER, description="the last event of your own that you have")
_ANSWERS: dict[str, Any] = {}  # components of the document, by name


def answered(shape: type[msgspec.Struct], *statuses: int) -> dict[int, Any]:
    """The responses of a view that answers in this shape; 200 where no status is said."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
    clashing = [name for name, part in parts.items() if _ANSWERS.setdefault(name, part) != part]
    if clashing:
        raise ValueError(f"two shapes are called {clashing[0]}")
    return dict.fromkeys(statuses or (200,), schema)


PARAMETERS = [
    OpenApiParameter("cursor", str, description="the next_cursor of the page before"),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": limits.PAGE_ROWS}),
]


class NothingBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An empty object."""


def body(shape: type[msgspec.Struct], example: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An OpenAPI request body for a Struct, definitions inlined; `more` is what its fields alone do not say."""
    return {"application/json": {**schema_of(shape), **more, "example": example}}


def schema_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """A Struct's JSON Schema, definitions inlined."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="{name}")
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(parts[schema["$ref"]], parts)
        return {key: _inlined(value, parts) for key, value in schema.items()}
    return [_inlined(item, parts) for item in schema] if isinstance(schema, list) else schema


IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": limits.IDEMPOTENCY_KEY_CHARS, "pattern": "^[ -~]+$"},
    "description": "fresh for each act that is intended, the same for its repeat",
}
KEYLESS_POSTS = ("previews/", "decisions/", "contracts/checks/")  # nothing is stored, so nothing could be done twice


RATES = {
    name: {"schema": {"type": "integer", "minimum": 0}, "description": words}
    for name, words in (
        ("RateLimit-Limit", "requests that the key may make in a window; missing where there is no limit"),
        ("RateLimit-Remaining", "how many of them are left"),
        ("RateLimit-Reset", "seconds until the next window"),
    )
}
RETRY = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "seconds; with 429 and 503"}}

# What is made: what its id is called in addresses, and the operations that take it.
LINKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "market_open": ("market_ref", ("market", "join", "events", "outcome")),
    "bid_submit": ("bid_ref", ("bid", "bid_replace", "bid_withdraw", "proof")),
    "key_issue": ("key_ref", ("key_rotate", "key_revoke")),
    "preference_store": ("preference_ref", ("preference", "preference_change", "preference_forget")),
    "webhook_add": ("webhook_ref", ("webhook", "webhook_rotate", "webhook_test", "webhook_delete")),
    "payment_method_add": ("method_ref", ("payment_method",)),
}


def _links(path: str, act: dict[str, Any]) -> dict[str, Any]:
    """Where the id goes that an answer gives."""
    name, targets = LINKS.get(act["operationId"], ("", ()))
    above = {"market_ref": "$request.path.market_ref"} if "{market_ref}" in path else {}
    return {target: {"operationId": target, "parameters": {**above, name: "$response.body#/id"}} for target in targets}


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """What holds at every address: typed answers, refusals as problem documents, keys, rates, Idempotency-Key."""
    (problem,) = answered(Problem).values()
    result.setdefault("components", {}).setdefault("schemas", {}).update(_ANSWERS)
    refused = {"description": "refused", "content": {"application/problem+json": {"schema": problem}}}
    for path, acts in result["paths"].items():
        for method, act in acts.items():
            secured = bool(act.get("security"))
            for answer in act["responses"].values():
                answer["description"] = answer["description"] or "done"
                answer |= {"headers": RATES} if secured else {}
                if links := _links(path, act):
                    answer["links"] = links
            if "requestBody" in act:
                act["requestBody"]["required"] = True
            act["responses"]["default"] = refused | {"headers": (RATES if secured else {}) | RETRY}
            if (method == "post" and not path.endswith(KEYLESS_POSTS)) or act.get("operationId") == "bid_replace":
                act.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result
