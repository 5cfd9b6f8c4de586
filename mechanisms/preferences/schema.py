"""The published JSON Schema of a preference of version 1; `read_preference` knows the categories beside it."""

from __future__ import annotations

from typing import Any

from mechanisms.decimals import LARGEST
from mechanisms.preferences import limits
from mechanisms.preferences.conditions import BOUNDS, OPERATORS, SETS
from mechanisms.preferences.wants import COMPARISONS

Schema = dict[str, Any]
ID = "urn:walras:schema:preference:1"
AMOUNT: Schema = {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 128}
CONSTANT: Schema = {"type": ["string", "number", "boolean"]}
CONSTANTS: Schema = {"type": "array", "items": CONSTANT, "minItems": 1, "maxItems": limits.MAX_MEMBERS}


def _object(required: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": members, "additionalProperties": False}


def _list(items: Schema, most: int, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _one_of(names: tuple[str, ...]) -> list[Schema]:
    return [{"required": [name]} for name in names]


def json_schema() -> Schema:
    """JSON Schema 2020-12; every preference that is accepted meets it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A preference",
        "description": "What a person wants, in whole units of 10^-exponent of the currency. See docs/preferences.md.",
        **_object(
            ("version", "currency", "items"),
            version={"const": 1},
            currency={"type": "string", "pattern": "^[A-Z][A-Z0-9]{2,11}$"},
            exponent={"type": "integer", "minimum": 0, "maximum": 12, "default": 2},
            items={
                "type": "object",
                "propertyNames": NAME,
                "additionalProperties": _ref("item"),
                "minProperties": 1,
                "maxProperties": limits.MAX_ITEMS,
            },
            want=_ref("want"),
            budget={"oneOf": [{"type": "null"}, AMOUNT | {"minimum": 0}]},
            reservation=AMOUNT | {"minimum": 0},
        ),
        "$defs": {
            "item": _item(),
            "conditions": {"oneOf": [_ref("condition"), {"type": "array", "items": _ref("condition")}]},
            "condition": {"oneOf": [*_junctions(), _comparison()]},
            "busy": _busy(),
            "worth": {"oneOf": [AMOUNT, _object((), base=AMOUNT, terms=_list(_term(), limits.MAX_TERMS))]},
            "want": _want(),
            "across": _across(),
            "side": _object(("of", "attribute"), of=NAME, attribute=NAME),
        },
    }


def _item() -> Schema:
    return _object(
        ("category", "worth"),
        category=NAME,
        must=_ref("conditions"),
        worth=_ref("worth"),
        at_most={"type": "integer", "minimum": 1, "maximum": limits.MAX_UNITS},
        each_further={"type": "array", "items": AMOUNT | {"maximum": 0}},
    )


def _junctions() -> list[Schema]:
    several = {"type": "array", "items": _ref("condition"), "minItems": 1}
    return [
        _object(("all",), all=several),
        _object(("any",), any=several),
        _object(("not",), **{"not": _ref("condition")}),
    ]


def _comparison() -> Schema:
    values = {"eq": CONSTANT, "ne": CONSTANT, **dict.fromkeys(BOUNDS, CONSTANT), "has": CONSTANT}
    lists = {"in": CONSTANTS, "has_any": CONSTANTS, "has_all": CONSTANTS, "between": CONSTANTS}
    lists["between"] = {"type": "array", "items": CONSTANT, "minItems": 2, "maxItems": 2}
    assert set(values) | set(lists) | {"clear_of"} == set(OPERATORS) >= set(SETS)  # noqa: S101 - one list of operators
    found = _object(
        ("attribute",),
        attribute={"oneOf": [NAME, {"type": "array", "items": NAME, "minItems": 2, "maxItems": 2}]},
        unit=NAME,
        may_be_missing={"type": "boolean"},
        clear_of=_ref("busy"),
        **values,
        **lists,
    )
    return found | {"oneOf": _one_of(OPERATORS)}


def _busy() -> Schema:
    span = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}]}
    found = _object(
        (),
        busy=_list(span, limits.MAX_BUSY),
        ics={"type": "string", "minLength": 1, "maxLength": limits.MAX_CALENDAR},
        zone={"type": "string"},
        margin_min={"type": "integer", "minimum": 0, "maximum": 10_080},
    )
    return found | {"anyOf": _one_of(("busy", "ics"))}


def _term() -> Schema:
    point = {"type": "array", "prefixItems": [CONSTANT, AMOUNT], "minItems": 2, "maxItems": 2}
    amount_or_null = {"oneOf": [{"type": "null"}, AMOUNT]}
    table = {"type": "object", "additionalProperties": amount_or_null, "minProperties": 1}
    found = _object(
        (),
        attribute=NAME,
        when=_ref("conditions"),
        may_be_missing={"type": "boolean"},
        unit={"type": ["string", "null"]},
        add=AMOUNT,
        per={"type": "number", "exclusiveMinimum": 0},
        to=CONSTANT | {"type": ["string", "number", "null"]},
        count={"enum": ["proportional", "complete", "started"]},
        points=_list(point, limits.MAX_POINTS, 2),
        table=table | {"maxProperties": limits.MAX_MEMBERS},
        otherwise=amount_or_null,
        **{"from": CONSTANT},
    )
    return found | {"oneOf": _one_of(("add", "points", "table"))}


def _want() -> Schema:
    together = _object(("items", "add"), items=_list(NAME, limits.MAX_ITEMS, 2), add=AMOUNT, when=_acrosses())
    return _object(
        (),
        at_most={"type": "integer", "minimum": 1},
        required=_list(NAME, limits.MAX_ITEMS),
        across=_acrosses(),
        together=_list(together, limits.MAX_ACROSS),
    )


def _acrosses() -> Schema:
    return _list(_ref("across"), limits.MAX_ACROSS)


def _across() -> Schema:
    sides = {name: _ref("side") for name in COMPARISONS}
    return _object(("of", "attribute"), of=NAME, attribute=NAME, **sides) | {"oneOf": _one_of(COMPARISONS)}
