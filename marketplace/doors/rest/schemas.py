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
