"""The form that a rule's parameters draw: the pydantic model's JSON Schema, put for the editor in the browser."""

from typing import Any

from mechanisms.registry import Spec

NOT_FOR_MARKETS = ("direction", "minimum")  # markets sell; buying is the library's

TERMS: dict[str, Any] = {
    "type": "array",
    "title": " ",
    "items": {
        "type": "object",
        "title": "Term",
        "required": ["within_s", "refund_percent"],
        "additionalProperties": False,
        "properties": {
            "within_s": {"type": "integer", "title": "Taken back within seconds of acceptance", "minimum": 1},
            "refund_percent": {"type": "integer", "title": "Percent given back", "minimum": 0, "maximum": 100},
        },
    },
    "options": {"disable_collapse": True, "disable_edit_json": True, "disable_properties": True},
}


def drawn(spec: Spec) -> dict[str, Any]:
    """The JSON Schema for the editor: all there, what may be left out behind a box to tick.

    A `null` that stands for "not said" becomes a field that may be absent, an exact decimal a number.
    """
    schema = spec.params.model_json_schema()
    fields = {name: field for name, field in schema.get("properties", {}).items() if name not in NOT_FOR_MARKETS}
    optional = {name for name, field in fields.items() if _may_be_null(field)}
    properties = {name: _field(field, schema.get("$defs", {})) for name, field in fields.items()}
    return {
        "type": "object",
        "title": " ",
        "additionalProperties": False,
        "properties": properties,
        "required": [name for name in fields if name not in optional],
        "options": {"disable_collapse": True, "disable_edit_json": True, "disable_properties": True},
    }


def _may_be_null(field: dict[str, Any]) -> bool:
    return any(one.get("type") == "null" for one in field.get("anyOf", ()))


def _field(field: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    """One field: references resolved, a choice of types settled, parts done likewise, examples left out."""
    if "$ref" in field:
        field = {**defined[field["$ref"].rpartition("/")[2]], **{k: v for k, v in field.items() if k != "$ref"}}
    kinds = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    kept = {name: value for name, value in field.items() if name not in ("anyOf", "examples")}
    if kinds:
        kept = {**kinds[0], **{name: value for name, value in kept.items() if value is not None}}
    if kept.get("type") == "number" and isinstance(kept.get("default"), str):
        kept["default"] = float(kept["default"])
    if isinstance(kept.get("items"), dict):
        kept["items"] = _field(kept["items"], defined)
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _field(part, defined) for name, part in kept["properties"].items()}
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = _field(kept["additionalProperties"], defined)
        kept["options"] = {"disable_properties": False}
    return kept
