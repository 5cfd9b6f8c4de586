"""Whether anybody would rather have another's award, and how far an outcome is from the core."""

from __future__ import annotations

from msgspec.structs import replace

from mechanisms.bids import Atom, Bid
from mechanisms.engine import run
from mechanisms.errors import ProblemError
from mechanisms.measures.clearing import Clearing, true_worth
from mechanisms.measures.registry import Found, measure
from mechanisms.solve.errors import SolverFailedError


@measure(label="Greatest envy by reports", unit="money")
def reported_envy(clearing: Clearing) -> Found:
    """The most by which a bidder would, by its report, be better off with another's award at the other's payment.
    0 where nobody envies; null beyond 400 bids.

    Reference: Foley, Resource Allocation and the Public Sector, Yale Economic Essays 7 (1967).

    Assumes: private values, quasilinear, no binding budget.
    """
    if not clearing.auction or clearing.recorded or not clearing.small:
        return None
    most = 0
    for bid in clearing.whole.bids:
        own = clearing.reported.get(bid.agent, 0)
        selling = _sells(bid)
        for award in clearing.outcome.awards:
            if award.agent != bid.agent and selling == (min(award.bundle.values(), default=0) < 0):
                paid = clearing.payments[award.agent]
                if _could(bid, award.bundle, award.position):
                    most = max(most, true_worth(bid, award, clearing.whole) - paid - own)
    return most


@measure(label="Distance to the core by reports", unit="money")
def reported_core_distance(clearing: Clearing) -> Found:
    """The most that a coalition of bidders with the lots' owners could have, by reports, beyond what it has.
    0 in the core. For one-sided sales of bundles or single units, where each bidder gets one of its atoms; null
    elsewhere and beyond 400 bids.

    Reference: Day and Milgrom, Core-Selecting Package Auctions, International Journal of Game Theory 36 (2008).

    Assumes: private values, quasilinear; the owners act as one.
    """
    sale = clearing.auction and not clearing.two_sided and not clearing.buying
    if not sale or clearing.recorded or not clearing.small or "clicks" in clearing.problem.params:
        return None
    bids = [_reduced(bid, clearing.reported.get(bid.agent, 0)) for bid in clearing.whole.bids]
    if any(bid is None for bid in bids):
        return None
    try:
        reduced = replace(clearing.whole, bids=tuple(bid for bid in bids if bid is not None))
        best = run("pay_as_bid", reduced, {})
    except (ProblemError, SolverFailedError):
        return None
    owners = int(clearing.outcome.welfare) - sum(clearing.reported.values())
    return None if best.status == "unproven" else max(0, int(best.welfare) - owners)


def _sells(bid: Bid) -> bool:
    quantities = [step.quantity for step in bid.steps or ()]
    quantities += [quantity for atom in bid.atoms or () for quantity in atom.bundle.values()]
    return min(quantities, default=0) < 0


def _could(bid: Bid, bundle: dict[str, int], position: int | None) -> bool:
    """Whether a seller offers as much as another sold; a buyer disposes freely of what it does not want."""
    if position is not None or not _sells(bid):
        return True
    offered = {step.lot: 0 for step in bid.steps or ()}
    for step in bid.steps or ():
        offered[step.lot] += step.quantity
    if bid.atoms is not None:
        return any(dict(atom.bundle) == dict(bundle) for atom in bid.atoms)
    return all(offered.get(lot, 0) <= quantity for lot, quantity in bundle.items())


def _reduced(bid: Bid, surplus: int) -> Bid | None:
    """The bid as if its bidder kept its surplus in any coalition; None where units add up, which atoms do not say."""
    atoms = bid.atoms
    if atoms is None:
        steps = bid.steps or ()
        if len(steps) > 1 or any(abs(step.quantity) > 1 for step in steps):
            return None
        atoms = tuple(Atom({step.lot: step.quantity}, step.price) for step in steps)
    capped = [Atom(atom.bundle, atom.value if bid.budget is None else min(atom.value, bid.budget)) for atom in atoms]
    kept = tuple(Atom(atom.bundle, atom.value - surplus) for atom in capped if atom.value > surplus)
    return Bid(bid.agent, atoms=kept)
