"""What a rule lets in: the checks that follow from a Spec's data, on single bids, lots and whole problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mechanisms.bids import Atom, Bid, Lot
from mechanisms.errors import ProblemError, escape
from mechanisms.programs import size_of

if TYPE_CHECKING:
    from mechanisms.params import Params
    from mechanisms.spec import Sizes, Spec
    from mechanisms.types import Problem

Signs = list[tuple[str, int, str]]  # lot, quantity, pointer


def buying(params: Params) -> bool:
    """Whether a one-sided market buys instead of sells."""
    return vars(params).get("direction", "sell") == "buy"  # getattr costs pydantic 5 us where there is none


def check_problem(spec: Spec, problem: Problem, params: Params) -> None:
    """Every lot and bid of the problem, and the sizes; raises ProblemError with a pointer."""
    bundles = spec.bundles and not is_lot_by_lot(problem)
    check_sizes(problem, spec.slug, spec.bundle_sizes if bundles and spec.bundle_sizes else spec.sizes)
    if bundles and any(bid.steps for bid in problem.bids):
        raise ProblemError(
            "mixed_languages", "bundles are sold all at once: state them all in atoms, no steps", "/bids"
        )
    for index, lot in enumerate(problem.lots):
        _at(f"/lots/{index}", check_lot, spec, lot, params)
    lots = {lot.id: lot for lot in problem.lots}
    for index, bid in enumerate(problem.bids):
        _at(f"/bids/{index}", check_bid, spec, bid, lots, params)


def check_sizes(problem: Problem, slug: str, most: Sizes) -> None:
    """Refuse, before anything is solved, what is larger than the rule takes, and say what to lower."""
    atoms = sum(map(_pieces, problem.bids))
    for what, number, bound, pointer, advice in (
        ("lots", len(problem.lots), most.lots, "/lots", "sell fewer lots at once"),
        ("bids", len(problem.bids), most.bids, "/bids", "let in fewer bidders, or sell fewer lots at once"),
        ("atoms", atoms, most.atoms, "/bids", "let each bidder state fewer atoms, or let in fewer bidders"),
    ):
        if number > bound:
            detail = f"{slug} takes at most {bound} {what}, and here are {number}: {advice}"
            raise ProblemError(f"too_many_{what}", detail, pointer)


def _pieces(bid: Bid) -> int:
    """How many columns it takes in a winner determination; a row of a program counts like a column."""
    return len(bid.atoms or ()) if bid.program is None else size_of(bid.program)


def _at(pointer: str, check, *arguments) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002
    try:
        check(*arguments)
    except ProblemError as error:
        raise ProblemError(error.code, error.detail, pointer + error.pointer) from error


def check_lot(spec: Spec, lot: Lot, params: Params) -> None:
    """Supply and reserve as the rule's sides and direction ask."""
    if spec.sides == "two":
        if lot.supply:
            raise ProblemError(
                "supply_in_two_sided", "offers bring the supply of a two-sided rule; leave it 0", "/supply"
            )
        if lot.reserve:
            raise ProblemError(
                "reserve_in_two_sided", "sellers state their prices in a two-sided rule; leave it 0", "/reserve"
            )
        return
    supply = 1 if lot.supply is None else lot.supply
    if supply == 0:
        raise ProblemError("supply_zero", "a one-sided rule needs a supply of at least 1", "/supply")
    clicks = getattr(params, "clicks", None)
    if clicks is not None and supply != len(clicks):
        raise ProblemError("supply_not_slots", f"supply is the number of slots, here {len(clicks)}", "/supply")
    if spec.unit_supply and supply != 1:
        raise ProblemError("supply_not_one", f"{spec.slug} takes a supply of 1; use uniform_price", "/supply")
    if buying(params) and not lot.reserve:
        raise ProblemError("reserve_required", "a buying market states the highest acceptable unit price", "/reserve")


def check_bid(spec: Spec, bid: Bid, lots: Mapping[str, Lot], params: Params) -> None:
    """Language, sides and shape of one bid; raises ProblemError with a pointer relative to the bid."""
    language = "atoms" if bid.atoms is not None else "steps" if bid.program is None else "program"
    if language not in spec.languages or (language == "program" and buying(params)):
        raise ProblemError(f"{language}_not_taken", f"{spec.slug} takes {' or '.join(spec.languages)}", f"/{language}")
    signs = _signs(bid)
    _check_sides(spec, signs, params)
    _check_owner(spec, bid.agent, signs, lots, params)
    if spec.unit_bids:
        _check_unit(spec, bid)
    if bid.atoms and not spec.bundles:
        check_curve(bid.atoms)


def _signs(bid: Bid) -> Signs:
    """(lot, quantity, pointer) of everything in the bid."""
    steps = [(step.lot, step.quantity, f"/steps/{i}/quantity") for i, step in enumerate(bid.steps or ())]
    atoms = [
        (lot, quantity, f"/atoms/{i}/bundle/{escape(lot)}")
        for i, atom in enumerate(bid.atoms or ())
        for lot, quantity in atom.bundle.items()
    ]
    columns = enumerate(bid.program.columns if bid.program else ())
    units = [(lot, 1, f"/program/columns/{i}/0") for i, (lot, _) in columns if lot is not None]
    return steps + atoms + units


def _check_sides(spec: Spec, signs: Signs, params: Params) -> None:
    side: dict[str, bool] = {}
    for lot, quantity, pointer in signs:
        if spec.sides == "one" and (quantity < 0) != buying(params):
            wanted = "offers: negative quantities" if buying(params) else "bids: positive quantities"
            raise ProblemError("wrong_side", f"this market takes {wanted}", pointer)
        if side.setdefault(lot, quantity > 0) != (quantity > 0):
            raise ProblemError("both_sides", "one agent cannot buy and sell the same lot", pointer)


def _check_owner(spec: Spec, agent: str, signs: Signs, lots: Mapping[str, Lot], params: Params) -> None:
    if spec.sides == "two":
        return
    for lot, _, pointer in signs:
        owner = lots[lot].buyer if buying(params) else lots[lot].seller
        if owner == agent:
            raise ProblemError("own_lot", "nobody bids on a lot of its own", pointer)


def _check_unit(spec: Spec, bid: Bid) -> None:
    if len(bid.steps or ()) > 1:
        raise ProblemError("one_step_only", f"{spec.slug} takes one step of quantity 1", "/steps/1")
    for step in bid.steps or ():
        if abs(step.quantity) != 1:
            raise ProblemError("quantity_not_one", f"{spec.slug} takes one step of quantity 1", "/steps/0/quantity")


def check_curve(atoms: tuple[Atom, ...]) -> None:
    """Atoms of one lot that amount to a curve: quantities 1, 2, ... n, each unit worth no more than the one before.

    Rules for divisible supply fill a bid in part; an atom is all or nothing, so anything else would be misread.
    """
    worth: dict[int, tuple[int, int]] = {}
    for index, atom in enumerate(atoms):
        if len(atom.bundle) != 1 or next(iter(atom.bundle)) != next(iter(atoms[0].bundle)):
            raise ProblemError("one_lot_only", "this rule takes atoms on one lot; use steps", f"/atoms/{index}/bundle")
        quantity = abs(next(iter(atom.bundle.values())))
        worth[quantity] = max(worth.get(quantity, (atom.value, index)), (atom.value, index))
    _check_increments(worth, buys=min(atoms[0].bundle.values()) > 0)


def _check_increments(worth: dict[int, tuple[int, int]], *, buys: bool) -> None:
    before = 0
    increment: int | None = None
    for count, quantity in enumerate(sorted(worth), start=1):
        value, index = worth[quantity]
        rises = increment is not None and value - before > increment
        if quantity != count or rises or (buys and value < before):
            detail = "atoms must cover quantities 1, 2, ... with units worth less and less; use steps"
            raise ProblemError("atoms_not_a_curve", detail, f"/atoms/{index}")
        before, increment = value, value - before


def is_lot_by_lot(problem: Problem) -> bool:
    """Whether all atoms amount to curves on one lot, so that each lot can be cleared by itself."""
    try:
        for bid in problem.bids:
            if bid.program is not None:
                return False
            if bid.atoms:
                check_curve(bid.atoms)
    except ProblemError:
        return False
    return True
