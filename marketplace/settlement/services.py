"""What other apps do with settlement; each verb lives with its noun."""

from marketplace.settlement.amounts import MARKET, MinorAmounts, minor_amounts
from marketplace.settlement.authorisations import authorise, replace_hold, reserve
from marketplace.settlement.ledger import balances, open_journal
from marketplace.settlement.obligations import (
    Summary,
    advance_obligation,
    record_obligations,
    settled,
    unsettled_count,
)
from marketplace.settlement.reconciliation import reconcile
from marketplace.settlement.refunds import refund
from marketplace.settlement.releases import release_all, release_hold
from marketplace.settlement.rounds import undo_round
from marketplace.settlement.verification import verify_journal
from marketplace.settlement.wallets import add_payment_method, add_payout_account

__all__ = [
    "MARKET",
    "MinorAmounts",
    "Summary",
    "add_payment_method",
    "add_payout_account",
    "advance_obligation",
    "authorise",
    "balances",
    "minor_amounts",
    "open_journal",
    "reconcile",
    "record_obligations",
    "refund",
    "release_all",
    "release_hold",
    "replace_hold",
    "reserve",
    "settled",
    "undo_round",
    "unsettled_count",
    "verify_journal",
]
