"""Templates, and whom a market's opener has invited."""

from typing import Annotated, Any

from msgspec import Meta

from marketplace.doors.rest.shapes.common import Instant, Numbered, Shape, one_of
from marketplace.markets.models import Market
from marketplace.markets.models import Template as Row


class Template(Shape, frozen=True, kw_only=True):
    """A rule with bounds, by which agents open markets."""

    id: Annotated[str, Meta(description="what POST markets/ calls `template`")]
    title: str
    description: str
    mechanism: Annotated[str, Meta(description="a rule's slug; GET mechanisms/ says what it does")]
    params: Annotated[dict[str, Any], Meta(description="the rule's parameters where the opener says no others")]
    bounds: Annotated[
        dict[str, dict[str, Any]], Meta(description="parameters that the opener may say: least and most, or one_of")
    ]
    side: Annotated[str, one_of(Row.Side.values, "which side the opener is on; either: it says so in `side`")]
    invited_only: bool
    invitations: Annotated[int, Meta(ge=0, description="whom the opener must invite at once")]
    lots: Annotated[int, Meta(ge=1, description="in one market at most")]
    currencies: Annotated[list[str], Meta(description="empty: any")]
    categories: Annotated[list[str], Meta(description="of lots; empty: any")]
    shortest_s: Numbered
    longest_s: Numbered
    disclosure: Annotated[str, one_of(Market.Disclosure.values)]
    money: Annotated[str | None, Meta(description="authorise, charge or prepaid; null: by size")]
    fee_bp: Annotated[int, Meta(ge=0, description="hundredths of a percent of what sellers receive, kept from it")]


class Templates(Shape, frozen=True, kw_only=True):
    """All that are approved."""

    templates: list[Template]


class Invitation(Shape, frozen=True, kw_only=True):
    """Somebody who was invited."""

    agent: str
    at: Instant
    joined: bool


class Invitations(Shape, frozen=True, kw_only=True):
    """All of a market."""

    invitations: list[Invitation]
