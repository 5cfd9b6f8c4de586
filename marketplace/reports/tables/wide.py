"""Wide: one row a standing outcome, with everything about the market as a whole in columns."""

from marketplace.markets.models import Market, Round
from marketplace.reports.columns import MARKET, ROUND, Column, Table, of
from marketplace.reports.tables.measures import STANDING
from mechanisms.measures import every


def _measures() -> tuple[Column, ...]:
    """A column for each measure of a market, and one for each side where sides are measured."""
    found = []
    for each in every():
        at = "SELECT x.value FROM reports_measurerow x WHERE x.tabulation_id = b.id AND x.measure = "
        if each.per == "market":
            sql = f"{at}'{each.name}'"
            found.append(Column(each.name, "number", f"CASE WHEN {{named}} THEN ({sql}) END", each.description))
        elif each.per == "side":
            for side in ("buyers", "sellers"):
                sql = f"{at}'{each.name}' AND x.subject = '{side}'"
                words = f"Of the {side}. {each.description}"
                found.append(Column(f"{each.name}_{side}", "number", f"CASE WHEN {{named}} THEN ({sql}) END", words))
    return tuple(found)


COLUMNS = (
    MARKET,
    ROUND,
    of(Market, "mechanism", "text", alias="m"),
    of(Market, "currency", "text", alias="m", help="ISO 4217 code of the currency"),
    of(Market, "exponent", "integer", alias="m", help="amounts count 10^-exponent of the currency"),
    of(Market, "closes_at", "instant", alias="m", help="when it closed"),
    of(Market, "participants", "integer", alias="m", help="how many joined"),
    of(Round, "status", "text", alias="r"),
    Column("lots", "integer", "(SELECT COUNT(*) FROM markets_lot l WHERE l.market_id = m.id)", "how many lots it had"),
    *_measures(),
)
TABLE = Table(
    "wide",
    "one row a standing outcome, with all measures of the market as columns",
    COLUMNS,
    "reports_tabulation b JOIN markets_round r ON r.id = b.round_id JOIN markets_market m ON m.id = r.market_id",
    "b.id",
    "all",
    STANDING,
)
