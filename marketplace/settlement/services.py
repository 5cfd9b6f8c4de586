"""What other apps do with settlement; each verb lives with its noun."""

from marketplace.settlement.amounts import MARKET, MinorAmounts, minor_amounts
from marketplace.settlement.authorisations import authorise, first_hold_ends, replace_hold, reserve
from marketplace.settlement.balances import standing
from marketplace.settlement.card_pages import follow_card, open_card_page, with_card_page
from marketplace.settlement.fees import after_fee
from marketplace.settlement.forfeits import forfeit_deposits
from marketplace.settlement.ledger import balances, open_journal
from marketplace.settlement.obligations import (
    Summary,
    advance_obligation,
    record_obligations,
    settled,
    unsettled_count,
)
from marketplace.settlement.payment_methods import add_payment_method
from marketplace.settlement.payout_accounts import add_payout_account, follow_account, onboarding_page
from marketplace.settlement.reconciliation import reconcile
from marketplace.settlement.refunds import refund
from marketplace.settlement.releases import release_all, release_hold
from marketplace.settlement.rounds import undo_round
from marketplace.settlement.subsidies import fund_subsidy, hold_subsidy
from marketplace.settlement.top_ups import top_up, withdraw
from marketplace.settlement.verification import verify_journal

__all__ = [
    "MARKET",
    "MinorAmounts",
    "Summary",
    "add_payment_method",
    "add_payout_account",
    "advance_obligation",
    "after_fee",
    "authorise",
    "balances",
    "first_hold_ends",
    "follow_account",
    "follow_card",
    "forfeit_deposits",
    "fund_subsidy",
    "hold_subsidy",
    "minor_amounts",
    "onboarding_page",
    "open_card_page",
    "open_journal",
    "reconcile",
    "record_obligations",
    "refund",
    "release_all",
    "release_hold",
    "replace_hold",
    "reserve",
    "settled",
    "standing",
    "top_up",
    "undo_round",
    "unsettled_count",
    "verify_journal",
    "with_card_page",
    "withdraw",
]
