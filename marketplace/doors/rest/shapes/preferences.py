"""Categories, and stored preferences."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from marketplace.doors.rest.shapes.common import Instant, Numbered, Shape


class Attribute(Shape, frozen=True, kw_only=True):
    """One attribute of a category's lots."""

    type: str
    required: bool | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    places: int | UnsetType = UNSET
    values: list[str] | UnsetType = UNSET
    means: str | UnsetType = UNSET


class Category(Shape, frozen=True, kw_only=True):
    """A schema of attributes."""

    id: str
    title: str
    attributes: dict[str, Attribute]


class Categories(Shape, frozen=True, kw_only=True):
    """The house's own, then the operators'."""

    categories: list[Category]


class Preference(Shape, frozen=True, kw_only=True):
    """A stored preference, without its words."""

    id: str
    version: Numbered
    alert: bool
    created_at: Instant
    changed_at: Instant


class PreferenceWords(Preference, frozen=True, kw_only=True):
    """A stored preference with its words."""

    preference: Annotated[dict[str, Any], Meta(description="GET preferences/schema/ has its JSON Schema")]


class PreferencePage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    preferences: list[Preference]
    next_cursor: str | None


class PreferenceDeleted(Shape, frozen=True, kw_only=True):
    """Gone, with all its versions."""

    id: str
    state: str
