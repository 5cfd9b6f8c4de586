"""Request and answer shapes for OpenAPI, drawn from the msgspec Structs that really parse them."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter

from marketplace.core import limits

OBJECT = {200: {"type": "object", "additionalProperties": True}}
OBJECTS = {200: {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "object"}}}}
CREATED = {201: {"type": "object", "additionalProperties": True}}
ACCEPTED = {202: {"type": "object", "additionalProperties": True}}
PAGED = {
    200: {
        "type": "object",
        "required": ["next_cursor"],
        "properties": {"next_cursor": {"type": ["string", "null"]}},
        "additionalProperties": {"type": "array", "items": {"type": "object"}},
    }
}
PARAMETERS = [
    OpenApiParameter("cursor", str, description="the next_cursor of the page before"),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": limits.PAGE_ROWS}),
]
JOINED = CREATED | {202: {"type": "object", "additionalProperties": True}}


class NothingBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An empty object."""


def body(shape: type[msgspec.Struct], example: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI request body for a Struct, definitions inlined."""
    return {"application/json": {**schema_of(shape), "example": example}}


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


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "next"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "stable: branch on it; docs/errors.md has all"},
        "detail": {"type": "string"},
        "next": {"type": "string", "description": "what to do"},
        "pointer": {"type": "string", "description": "a JSON pointer into the body"},
    },
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": limits.IDEMPOTENCY_KEY_CHARS, "pattern": "^[ -~]+$"},
    "description": "fresh for each act that is intended, the same for its repeat",
}
KEYLESS_POSTS = ("previews/", "contracts/checks/")  # nothing is stored, so nothing could be done twice


def with_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """What holds at every address: refusals are problem documents, and a POST takes an Idempotency-Key."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, acts in result["paths"].items():
        for method, act in acts.items():
            act["responses"]["default"] = {"description": "refused", "content": problem}
            if (method == "post" and not path.endswith(KEYLESS_POSTS)) or act.get("operationId") == "bid_replace":
                act.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result
