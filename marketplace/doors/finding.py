"""Markets found by filters, page by page, in an order drawn for each agent."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import MD5, Cast, Concat

from marketplace.agents.keys import Identity
from marketplace.core import clock, limits
from marketplace.core.money import CURRENCIES
from marketplace.core.refusals import Refusal
from marketplace.doors.paging import FORMAT, PAGING, cut, paging
from marketplace.markets.catalogue import rules
from marketplace.markets.invitations import visible_to
from marketplace.markets.matching import admitted_markets
from marketplace.markets.models import Lot, Market
from marketplace.preferences.services import find_preference, read_stored

FILTERS = {
    "state": "open, closed, settled or cancelled",
    "mechanism": "a rule's slug",
    "currency": "such as EUR",
    "open_for": "open for at least so many seconds more",
    "text": "words that stand in the title or the description",
    "category": "such as flight/1, which one of the lots is of",
    "attribute": "name:value, which one of the lots has",
    "preference": "open, with a lot that this preference of yours admits",
}
_TEXT = {"type": "string", "minLength": 1, "maxLength": limits.NAME_CHARS}
SCHEMAS: dict[str, dict[str, Any]] = {
    "open_for": {"type": "integer", "minimum": 0, "maximum": 10**8 - 1},
    "text": _TEXT,
    "category": _TEXT,
    "attribute": {**_TEXT, "pattern": "^[^:]+:"},
    "preference": {"type": "string", "pattern": "^prf_"},
}
KNOWN_VALUES: dict[str, Callable[[], list[str]]] = {
    "state": lambda: [state for state in Market.State.values if state != Market.State.DRAFT],
    "mechanism": lambda: [rule["slug"] for rule in rules()],
    "currency": lambda: sorted(CURRENCIES),
}


def schema_of_filter(name: str) -> dict[str, Any]:
    """A filter's values as JSON Schema."""
    return SCHEMAS[name] if name in SCHEMAS else {"type": "string", "enum": KNOWN_VALUES[name]()}


def found_markets(query: Mapping[str, str], identity: Identity) -> tuple[list[Market], str | None]:
    """A page of markets, and the cursor of the next one.

    The order is that of a hash of agent and market: another one for each agent, the same on every page, and nothing
    that an operator could do to come first.
    """
    wanted, agent_ref = paging(query, tuple(FILTERS)), identity.agent_ref
    filters = {name: value for name, value in query.items() if name not in (*PAGING, FORMAT)}
    rows = filtered_markets(filters, identity).annotate(draw=MD5(Concat(Value(agent_ref), F("ref")))).order_by("draw")
    if wanted.cursor is not None:
        rows = rows.filter(draw__gt=_draw(agent_ref, wanted.cursor))
    told = rows.select_related("template", "opener").prefetch_related("lots__seller", "lots__buyer")
    return cut(list(told[: wanted.limit + 1]), wanted)


def _draw(agent_ref: str, market_ref: str) -> str:
    """Where the market stands in this agent's order; the same function as the database's."""
    return hashlib.md5((agent_ref + market_ref).encode(), usedforsecurity=False).hexdigest()


def filtered_markets(filters: Mapping[str, str], identity: Identity | None) -> QuerySet[Market]:
    """All that pass the filters; `preference` is for agents, and who is none does not send it.

    What takes rows one by one comes last, and looks only at what the other filters leave.
    """
    rows = visible_to(Market.objects.exclude(state=Market.State.DRAFT), identity.agent_id if identity else None)
    for name, value in sorted(filters.items(), key=lambda one: one[0] == "preference"):
        if name == "preference" and identity is not None:
            preference = read_stored(find_preference(ref=value, agent_id=identity.agent_id))
            rows = rows.filter(pk__in=admitted_markets(rows, preference, identity.agent_ref))
        elif name in KNOWN_VALUES:
            rows = rows.filter(**{name: _known_value(name, value)})
        else:
            rows = rows.filter(_free(name, value))
    return rows


def _free(name: str, value: str) -> Any:
    """The condition of a filter whose values nobody can list."""
    if name == "open_for":
        return Q(state=Market.State.OPEN, closes_at__gte=clock.now() + _seconds(value))
    if not 1 <= len(value) <= limits.NAME_CHARS or "\x00" in value:
        words = f"{name} has 1 to {limits.NAME_CHARS} characters."
        raise Refusal(400, "unknown_filter_value", words, "Send fewer words.")
    if name == "text":
        return Q(title__icontains=value) | Q(description__icontains=value)
    lots = Lot.objects.filter(category=value) if name == "category" else _lots_with(value)
    return Exists(lots.filter(market=OuterRef("pk")))


def _lots_with(attribute: str) -> QuerySet[Lot]:
    """Lots whose attribute has this value, compared as text."""
    name, colon, value = attribute.partition(":")
    if not colon or not name or "__" in name or name.endswith("_"):
        raise Refusal(400, "unknown_filter_value", "An attribute is sought as name:value.", "Send name:value.")
    return Lot.objects.annotate(sought=Cast(KT(f"attributes__{name}"), TextField())).filter(sought=value)


def _known_value(name: str, value: str) -> str:
    known = KNOWN_VALUES[name]()
    if value in known:
        return value
    raise Refusal(400, "unknown_filter_value", f"No {name} is called {value[:64]!r}.", f"Use {', '.join(known)}.")


def _seconds(text: str) -> timedelta:
    if text.isascii() and text.isdigit() and len(text) < 9:
        return timedelta(seconds=int(text))
    raise Refusal(400, "unknown_filter_value", "open_for is a whole number of seconds.", "Send 0 or more.")
