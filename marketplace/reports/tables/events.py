"""Events: one row an entry of a market's public stream."""

from marketplace.core.models import Event
from marketplace.reports.columns import MARKET, Table, of

COLUMNS = (
    MARKET,
    of(Event, "seq", "integer"),
    of(Event, "kind", "text", help="what happened; docs/protocol.md names the kinds"),
    of(Event, "at", "instant", help="when, by the database's clock"),
    of(Event, "payload", "json", help="what everybody was told, JSON"),
)
TABLE = Table(
    "events",
    "one row an entry of a market's public stream",
    COLUMNS,
    "markets_market m JOIN core_stream s ON s.name = 'market:' || m.ref JOIN core_event t ON t.stream_id = s.id",
    "m.id, t.seq",
)
