"""Tools about contracts: what awards bind to, and the seller's word."""

from typing import Any

from django.db import transaction

from marketplace.clearing.answering import answer_contract, find_contract
from marketplace.core import limits
from marketplace.doors.mcp import shapes
from marketplace.doors.mcp.call import Call
from marketplace.doors.mcp.fitting import fitted, page
from marketplace.doors.paging import Paging, newest_first
from marketplace.doors.rest.contracts import contract_answer, own_contracts
from marketplace.doors.threads import in_thread

Said = dict[str, Any]
LISTED = "As seller of one that is offered: answer_contract by its answer_by. The REST door has the signed documents."
SIGNED = ("document", "acceptance")  # longer than a model should read


@in_thread
def contracts(call: Call) -> Said:
    """The contracts of the caller's principal, newest first."""
    stated = call.shaped(shapes.Listing)
    found, cursor = newest_first(own_contracts(call.identity), Paging(stated.cursor, limits.PAGE_ROWS))
    shown = [_short(contract_answer(row, call.identity)) for row in found]
    return page({"contracts": shown}, "contracts", cursor, LISTED)


@in_thread
def answer(call: Call) -> Said:
    """Accept or refuse; the same call again changes nothing."""
    stated = call.shaped(shapes.Answer)
    contract = find_contract(stated.contract, call.identity)
    with transaction.atomic():
        done = answer_contract(contract=contract, identity=call.identity, answer=stated.answer)
    return fitted(_short(contract_answer(done, call.identity)), "wait for the money: settlements has what you receive.")


def _short(told: Said) -> Said:
    return {name: part for name, part in told.items() if name not in SIGNED}
