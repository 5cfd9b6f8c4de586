"""Reading lots and bids: structure, signs, monotone steps and bounds, each error with a pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mechanisms.bids import Atom, Bid, Lot, Step
from mechanisms.errors import ProblemError, escape
from mechanisms.fields import normal, read_free, read_id, read_int, read_list, read_object, read_optional_id
from mechanisms.programs import exposure_of, read_program

MAX_VALUE = 10**12
MAX_QUANTITY = 10**12
MAX_SUM = 2**62
MAX_PIECES = 4096

_LOT_OPTIONAL = ("supply", "reserve", "seller", "buyer", "category", "attributes")


def read_lot(data: Any, pointer: str = "") -> Lot:
    """One lot from its JSON value."""
    fields = read_object(data, pointer, ("id",), _LOT_OPTIONAL)
    supply = fields.get("supply")
    return Lot(
        id=read_id(fields["id"], f"{pointer}/id"),
        supply=None if supply is None else read_int(supply, f"{pointer}/supply", 0, MAX_QUANTITY),
        reserve=read_int(fields.get("reserve", 0), f"{pointer}/reserve", 0, MAX_VALUE),
        seller=read_optional_id(fields.get("seller"), f"{pointer}/seller"),
        buyer=read_optional_id(fields.get("buyer"), f"{pointer}/buyer"),
        category=read_optional_id(fields.get("category"), f"{pointer}/category"),
        attributes=read_free(fields.get("attributes", {}), f"{pointer}/attributes"),
    )


def read_lots(data: Any, pointer: str = "/lots") -> tuple[Lot, ...]:
    """All lots, at least one, no id twice."""
    lots = tuple(read_lot(item, f"{pointer}/{index}") for index, item in enumerate(read_list(data, pointer)))
    if not lots:
        raise ProblemError("no_lots", "a problem has at least one lot", pointer)
    _refuse_repeats([lot.id for lot in lots], pointer, "id", "duplicate_lot")
    return lots


def _refuse_repeats(names: list[str], pointer: str, field: str, code: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if normal(name) in seen:
            raise ProblemError(code, f"{name!r} appears twice", f"{pointer}/{index}/{field}")
        seen.add(normal(name))


def read_bid(data: Any, lots: Mapping[str, Lot], pointer: str = "") -> Bid:
    """One bid against the lots that exist; what a particular rule refuses is for `spec.check_bid`.

    Errors: unknown_lot, empty_bundle, both_atoms_and_steps, neither_atoms_nor_steps, value_sign, rising_steps,
    falling_steps, too_large, out_of_range, not_an_integer ...; their pointers are relative to the bid.
    """
    fields = read_object(data, pointer, ("agent",), ("atoms", "steps", "budget", "program"))
    agent = read_id(fields["agent"], f"{pointer}/agent")
    has_atoms, has_steps = fields.get("atoms") is not None, fields.get("steps") is not None
    has_program = fields.get("program") is not None
    if has_atoms and has_steps:
        raise ProblemError("both_atoms_and_steps", "a bid has atoms or steps, not both", f"{pointer}/steps")
    if has_program and (has_atoms or has_steps):
        raise ProblemError("program_and_pieces", "a program stands for all of a bid's pieces", f"{pointer}/program")
    if not has_atoms and not has_steps and not has_program:
        raise ProblemError("neither_atoms_nor_steps", "a bid has atoms, steps or a preference", pointer)
    budget = fields.get("budget")
    bid = Bid(
        agent=agent,
        atoms=_read_atoms(fields["atoms"], lots, f"{pointer}/atoms") if has_atoms else None,
        steps=_read_steps(fields["steps"], lots, f"{pointer}/steps") if has_steps else None,
        budget=None if budget is None else read_int(budget, f"{pointer}/budget", 0, MAX_SUM - 1),
        program=read_program(fields["program"], lots, f"{pointer}/program") if has_program else None,
    )
    if exposure([bid]) >= MAX_SUM:
        raise ProblemError("too_large", "quantities times the highest price must stay below 2^62", pointer)
    return bid


def states_preferences(bids: Any) -> bool:
    """Whether some bid holds a preference, which is compiled before bids are read."""
    return isinstance(bids, list) and any(isinstance(bid, Mapping) and "preference" in bid for bid in bids)


def read_bids(data: Any, lots: Mapping[str, Lot], pointer: str = "/bids") -> tuple[Bid, ...]:
    """All bids, one for each agent, their sum within the bounds."""
    bids = tuple(read_bid(item, lots, f"{pointer}/{index}") for index, item in enumerate(read_list(data, pointer)))
    _refuse_repeats([bid.agent for bid in bids], pointer, "agent", "duplicate_agent")
    if exposure(bids) >= MAX_SUM:
        raise ProblemError("too_large", "the sum of quantities times the highest price must stay below 2^62", pointer)
    return bids


def exposure(bids: tuple[Bid, ...] | list[Bid]) -> int:
    """Sum of |quantity| times the highest price, an upper bound of every sum that a rule forms; 2^62 is the limit."""
    quantity, price = 0, 1
    for bid in bids:
        for step in bid.steps or ():
            quantity, price = quantity + abs(step.quantity), max(price, step.price)
        for atom in bid.atoms or ():
            quantity, price = quantity + sum(map(abs, atom.bundle.values())), max(price, abs(atom.value))
        if bid.program is not None:
            units, largest = exposure_of(bid.program)
            quantity, price = quantity + units, max(price, largest)
    return quantity * price


def _pieces(data: Any, pointer: str) -> list[Any]:
    pieces = read_list(data, pointer)
    if len(pieces) > MAX_PIECES:
        raise ProblemError("too_many_pieces", f"a bid has at most {MAX_PIECES} atoms or steps", pointer)
    return pieces


def _read_atoms(data: Any, lots: Mapping[str, Lot], pointer: str) -> tuple[Atom, ...]:
    return tuple(_read_atom(item, lots, f"{pointer}/{index}") for index, item in enumerate(_pieces(data, pointer)))


def _read_atom(data: Any, lots: Mapping[str, Lot], pointer: str) -> Atom:
    fields = read_object(data, pointer, ("bundle", "value"))
    bundle = _read_bundle(fields["bundle"], lots, f"{pointer}/bundle")
    value = read_int(fields["value"], f"{pointer}/value", -MAX_VALUE, MAX_VALUE)
    if (value < 0 and min(bundle.values()) > 0) or (value > 0 and max(bundle.values()) < 0):
        raise ProblemError(
            "value_sign", "who buys states a value of 0 or more, who sells one of 0 or less", f"{pointer}/value"
        )
    return Atom(bundle=bundle, value=value)


def _read_bundle(data: Any, lots: Mapping[str, Lot], pointer: str) -> dict[str, int]:
    if not isinstance(data, Mapping):
        raise ProblemError("not_an_object", "a bundle is a JSON object of lot: quantity", pointer)
    if not data:
        raise ProblemError("empty_bundle", "a bundle names at least one lot", pointer)
    return {
        lot: _read_quantity(lot, quantity, lots, f"{pointer}/{escape(str(lot))}", "") for lot, quantity in data.items()
    }


def _read_quantity(lot: Any, quantity: Any, lots: Mapping[str, Lot], pointer: str, field: str) -> int:
    if lot not in lots:
        raise ProblemError("unknown_lot", f"there is no lot {lot!r}", pointer)
    number = read_int(quantity, pointer + field, -MAX_QUANTITY, MAX_QUANTITY)
    if number == 0:
        raise ProblemError("zero_quantity", "a quantity is not 0", pointer + field)
    return number


def _read_steps(data: Any, lots: Mapping[str, Lot], pointer: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    last: dict[tuple[str, bool], int] = {}
    for index, item in enumerate(_pieces(data, pointer)):
        step = _read_step(item, lots, f"{pointer}/{index}")
        side = (step.lot, step.quantity > 0)
        before = last.get(side, step.price)
        if step.quantity > 0 and step.price > before:
            raise ProblemError(
                "rising_steps", "a bid's prices must not rise from step to step", f"{pointer}/{index}/price"
            )
        if step.quantity < 0 and step.price < before:
            raise ProblemError(
                "falling_steps", "an offer's prices must not fall from step to step", f"{pointer}/{index}/price"
            )
        last[side] = step.price
        steps.append(step)
    return tuple(steps)


def _read_step(data: Any, lots: Mapping[str, Lot], pointer: str) -> Step:
    fields = read_object(data, pointer, ("lot", "quantity", "price"))
    if not isinstance(fields["lot"], str) or fields["lot"] not in lots:
        raise ProblemError("unknown_lot", f"there is no lot {fields['lot']!r}", f"{pointer}/lot")
    quantity = _read_quantity(fields["lot"], fields["quantity"], lots, f"{pointer}/quantity", "")
    price = read_int(fields["price"], f"{pointer}/price", 0, MAX_VALUE)
    return Step(lot=fields["lot"], quantity=quantity, price=price)
