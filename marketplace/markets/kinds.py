"""Kinds of lots as an operator's form has them: the JSON Schema of each category's attributes, for the editor."""

from typing import Any

from marketplace.preferences.categories import listed_categories

QUIET = {"disable_collapse": True, "disable_edit_json": True, "disable_properties": True}
INSTANT = "2026-12-01T08:30:00+01:00"
WRITTEN: dict[str, dict[str, Any]] = {  # how the values of a type are entered
    "boolean": {"type": "boolean", "format": "checkbox"},
    "text": {"type": "string", "minLength": 1},
    "instant": {"type": "string", "minLength": 1, "description": f"with its offset from UTC: {INSTANT}"},
    "interval": {"type": "string", "minLength": 1, "description": f"two instants: {INSTANT}/{INSTANT}"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
}
FREE: dict[str, Any] = {
    "type": "object",
    "title": " ",
    "options": {**QUIET, "disable_properties": False, "disable_edit_json": False},
}


def kinds() -> dict[str, dict[str, Any]]:
    """Every category by its name, with the form of its attributes; without a category any attributes may be given."""
    return {"": FREE} | {stated["id"]: form_of(stated) for stated in listed_categories()}


def form_of(category: dict[str, Any]) -> dict[str, Any]:
    """A category's attributes as a schema: all there, what may be left out behind a box to tick."""
    attributes = category["attributes"]
    return {
        "type": "object",
        "title": " ",
        "description": category["title"],
        "additionalProperties": False,
        "properties": {name: _field(name, stated) for name, stated in attributes.items()},
        "required": [name for name, stated in attributes.items() if stated.get("required")],
        "options": QUIET,
    }


def _field(name: str, stated: dict[str, Any]) -> dict[str, Any]:
    kind, values = stated["type"], stated.get("values")
    field: dict[str, Any] = {"title": f"{name}, {stated['unit']}" if stated.get("unit") else name}
    if kind == "number":
        field["type"] = "number" if stated.get("places") else "integer"
    elif kind == "enum":
        field |= {"type": "string", "enum": values}
    elif kind == "set":
        members = {"type": "string", "enum": values}
        field |= {"type": "array", "uniqueItems": True, "items": members, "format": "checkbox"}
    else:
        field |= WRITTEN[kind]
    said = [words for words in (stated.get("means"), field.get("description")) if words]
    return {**field, "description": "; ".join(said)} if said else field
