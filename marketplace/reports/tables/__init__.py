"""The tables of an export, one file each."""

from marketplace.reports.columns import Table
from marketplace.reports.tables import (
    awards,
    bids,
    contracts,
    events,
    lots,
    markets,
    measures,
    moves,
    participations,
    payments,
    rounds,
    settlements,
    wide,
)

TABLES: dict[str, Table] = {
    room.TABLE.name: room.TABLE
    for room in (
        *(markets, rounds, lots, participations, bids, awards, payments, moves, contracts),
        *(settlements, events, measures, wide),
    )
}
