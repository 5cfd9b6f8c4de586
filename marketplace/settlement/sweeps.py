"""Settlement's background work: one lane, so that Stripe's slowness never delays a close."""

from marketplace.core.sweeps import Sweep
from marketplace.settlement.authorisations import sweep_unanswered
from marketplace.settlement.charges import sweep_charges
from marketplace.settlement.collects import sweep_collects
from marketplace.settlement.events import sweep_events
from marketplace.settlement.payouts import sweep_payouts
from marketplace.settlement.reconciliation import sweep_books
from marketplace.settlement.refunds import sweep_refunds
from marketplace.settlement.releases import sweep_releases

LANE = "settlement"
SWEEPS = (
    # captures first: what is owed comes before what is let go
    Sweep("settlement.collects", sweep_collects, 2.0, LANE),
    Sweep("settlement.charges", sweep_charges, 2.0, LANE),
    Sweep("settlement.payouts", sweep_payouts, 2.0, LANE),
    Sweep("settlement.refunds", sweep_refunds, 2.0, LANE),
    Sweep("settlement.authorisations", sweep_unanswered, 2.0, LANE),
    Sweep("settlement.releases", sweep_releases, 2.0, LANE),
    Sweep("settlement.events", sweep_events, 2.0, LANE),
    Sweep("settlement.books", sweep_books, 2.0, LANE),
)
