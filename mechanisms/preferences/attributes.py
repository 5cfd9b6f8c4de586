"""Categories: which attributes a kind of lot has, of which type and unit, and their values as whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mechanisms.errors import ProblemError, escape
from mechanisms.fields import read_id, read_int, read_list, read_object
from mechanisms.preferences import instants, units
from mechanisms.preferences.limits import MAX_ATTRIBUTES, MAX_MEMBERS, MAX_PLACES, MAX_SET, MAX_TEXT

TYPES = ("number", "instant", "time", "date", "interval", "enum", "boolean", "set", "text")
ORDERED = ("number", "instant", "time", "date")
BOOLEANS = ("false", "true")
_OWN_UNIT = {"instant": "ms", "time": "s", "date": "d"}  # in which their whole numbers count


class Attribute(Struct, frozen=True):
    """One attribute, or a part of one: `departureTime.time` is the local time of the instant `departureTime`.

    `places`: decimals of a number; `values`: all that an enum or a set may hold, in order; `unit`: of a number.
    """

    name: str
    type: str
    unit: str | None = None
    places: int = 0
    values: tuple[str, ...] = ()
    required: bool = False
    means: str = ""

    @property
    def measured_in(self) -> str | None:
        """The unit that its whole numbers count, 10^-places of it."""
        return _OWN_UNIT.get(self.type, self.unit)

    def read(self, data: Any, pointer: str) -> Any:
        """One value as it is compared: an integer (of a set: a bit for each member), of text the text."""
        if self.type == "number":
            return units.read_scaled(data, pointer, self.places)
        if self.type == "time":
            return instants.read_time(data, pointer)
        if self.type == "date":
            return instants.read_date(data, pointer)
        if self.type == "instant":
            return instants.milliseconds(instants.read_instant(data, pointer))
        if self.type == "boolean":
            return _read_boolean(data, pointer)
        if self.type == "text":
            return _read_text(data, pointer)
        return self._read_member(data, pointer)

    def _read_member(self, data: Any, pointer: str) -> int:
        if isinstance(data, str) and data in self.values:
            return self.values.index(data)
        detail = f"expected one of {', '.join(self.values[:12])}{', ...' if len(self.values) > 12 else ''}"
        raise ProblemError("unknown_value", detail, pointer)

    def columns(self, data: Any, pointer: str) -> dict[str, Any]:
        """A lot's value with all its parts, by their names."""
        if self.type == "instant":
            return instants.parts_of(instants.read_instant(data, pointer), self.name)
        if self.type == "interval":
            start, end = instants.read_interval(data, pointer)
            return instants.parts_of(start, f"{self.name}.start") | instants.parts_of(end, f"{self.name}.end")
        if self.type == "set":
            members = [self._read_member(item, f"{pointer}/{n}") for n, item in enumerate(read_list(data, pointer))]
            return {self.name: sum(1 << member for member in set(members))}
        return {self.name: self.read(data, pointer)}

    def parts(self) -> list[Attribute]:
        """The attribute and what can be asked of its parts."""
        if self.type == "interval":
            ends = [Attribute(f"{self.name}.{end}", "instant", required=self.required) for end in ("start", "end")]
            return [self, *(part for end in ends for part in end.parts())]
        if self.type != "instant":
            return [self]
        day, clock = (Attribute(f"{self.name}.{kind}", kind, required=self.required) for kind in ("date", "time"))
        return [self, day, clock]

    def written(self, value: Any) -> str:
        """A value as people read it."""
        if self.type == "number":
            return units.written(value, self.places, self.unit)
        if self.type in ORDERED:
            return instants.written(self.type, value)
        if self.type == "text":
            return str(value)
        return BOOLEANS[value] if self.type == "boolean" else self.values[value]

    def to_dict(self) -> dict[str, Any]:
        """JSON values, defaults left out."""
        said = {"unit": self.unit, "places": self.places, "values": list(self.values), "required": self.required}
        return {"type": self.type} | {name: part for name, part in (said | {"means": self.means}).items() if part}


class Category(Struct, frozen=True):
    """A versioned schema of attributes, such as `flight/1`; unknown attributes are refused."""

    name: str
    title: str
    attributes: dict[str, Attribute]
    known: dict[str, Attribute]

    def attribute(self, data: Any, pointer: str) -> Attribute:
        """The attribute, or the part of one, of this name."""
        if isinstance(data, str) and data in self.known:
            return self.known[data]
        detail = f"expected an attribute of {self.name}: {', '.join(self.known)}"
        raise ProblemError("unknown_attribute", detail, pointer)

    def read_lot(self, attributes: Mapping[str, Any], pointer: str = "/attributes") -> dict[str, Any]:
        """A lot's attributes as whole numbers by part; refused where they do not fit the schema."""
        found: dict[str, Any] = {}
        for name, value in attributes.items():
            at = f"{pointer}/{escape(name)}"
            if name not in self.attributes:
                detail = f"expected only attributes of {self.name}: {', '.join(self.attributes)}"
                raise ProblemError("unknown_attribute", detail, at)
            found |= self.attributes[name].columns(value, at)
        for attribute in self.attributes.values():
            if attribute.required and attribute.name not in attributes:
                detail = f"{self.name} requires the attribute {attribute.name!r}"
                raise ProblemError("missing_attribute", detail, f"{pointer}/{escape(attribute.name)}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON values, as `read_category` takes them."""
        return {"title": self.title, "attributes": {name: one.to_dict() for name, one in self.attributes.items()}}


def read_category(name: str, data: Any, pointer: str = "") -> Category:
    """A category from JSON values: `{"title", "attributes": {name: {"type", "unit", "values", ...}}}`."""
    fields = read_object(data, pointer, ("title", "attributes"))
    stated = fields["attributes"]
    if not isinstance(stated, Mapping) or not 1 <= len(stated) <= MAX_ATTRIBUTES:
        detail = f"expected an object of 1 to {MAX_ATTRIBUTES} attributes"
        raise ProblemError("attributes_out_of_bounds", detail, f"{pointer}/attributes")
    attributes = {key: _attribute(key, value, f"{pointer}/attributes/{escape(key)}") for key, value in stated.items()}
    known = {part.name: part for attribute in attributes.values() for part in attribute.parts()}
    return Category(read_id(name, pointer), read_id(fields["title"], f"{pointer}/title"), attributes, known)


def _attribute(name: str, data: Any, pointer: str) -> Attribute:
    fields = read_object(data, pointer, ("type",), ("unit", "places", "values", "required", "means"))
    if "." in read_id(name, pointer):
        raise ProblemError("invalid_id", "expected a name without a dot: dots name parts", pointer)
    if fields["type"] not in TYPES:
        raise ProblemError("unknown_type", f"expected one of {', '.join(TYPES)}", f"{pointer}/type")
    unit = fields.get("unit")
    if unit is not None and fields["type"] != "number":
        raise ProblemError("unit_mismatch", "expected no unit: only numbers have one", f"{pointer}/unit")
    return Attribute(
        name=name,
        type=fields["type"],
        unit=None if unit is None else read_id(unit, f"{pointer}/unit"),
        places=read_int(fields.get("places", 0), f"{pointer}/places", 0, MAX_PLACES),
        values=_values(fields.get("values", []), fields["type"], f"{pointer}/values"),
        required=bool(_read_boolean(fields.get("required", False), f"{pointer}/required")),
        means=_read_text(fields.get("means", ""), f"{pointer}/means"),
    )


def _values(data: Any, kind: str, pointer: str) -> tuple[str, ...]:
    values = tuple(_read_text(item, f"{pointer}/{n}") for n, item in enumerate(read_list(data, pointer)))
    most = {"enum": MAX_MEMBERS, "set": MAX_SET}.get(kind, 0)
    if len(set(values)) != len(values) or len(values) > most or (most and not values):
        detail = f"expected 1 to {most} different values" if most else f"expected no values for the type {kind}"
        raise ProblemError("values_out_of_bounds", detail, pointer)
    return values


def _read_boolean(data: Any, pointer: str) -> int:
    if not isinstance(data, bool):
        raise ProblemError("not_a_boolean", "expected true or false", pointer)
    return int(data)


def _read_text(data: Any, pointer: str) -> str:
    if not isinstance(data, str) or len(data) > MAX_TEXT or not (data.isprintable()):
        raise ProblemError("not_a_text", f"expected text of at most {MAX_TEXT} printable characters", pointer)
    return data
