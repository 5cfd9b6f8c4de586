"""A problem file straight into columns: strict as `Problem.from_json`, at about the cost of parsing."""

from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, Raw, Struct, UnsetType

from mechanisms.columns import Columns
from mechanisms.errors import ProblemError
from mechanisms.fields import MAX_ID, read_currency, read_free, read_int, read_seed
from mechanisms.orders import rows_of
from mechanisms.reading import MAX_PIECES, read_lots
from mechanisms.strict_json import parse
from mechanisms.types import MAX_EXPONENT, Problem


class _Step(Struct, forbid_unknown_fields=True, gc=False):
    lot: str
    quantity: int
    price: int


class _Bid(Struct, forbid_unknown_fields=True, gc=False):
    agent: str
    steps: list[_Step]


class _File(Struct, forbid_unknown_fields=True):
    mechanism: str
    currency: str
    exponent: int
    lots: Raw
    bids: list[_Bid]
    params: Raw | UnsetType = UNSET
    seed: str | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_File)


class Bulk(Struct, frozen=True):
    """What `run_arrays` takes: `run_arrays(bulk.mechanism, bulk.columns, bulk.params, bulk.seed)`."""

    mechanism: str
    columns: Columns
    params: dict[str, Any]
    seed: str


def read_columns(raw: bytes) -> Bulk:
    """A one-lot problem file without budgets, as columns; raises what `Problem.from_json` raises, with its pointers.

    Plain files (steps only, no escapes in strings) take the fast way; any doubt leads to the careful reader, which
    names the fault or, where there is none, fills the columns itself.
    """
    try:
        file = _decoder.decode(raw)
    except msgspec.DecodeError:
        return _carefully(raw)
    if b"\\" in raw or not _no_key_twice(raw, file):
        return _carefully(raw)
    return _fast(file) or _carefully(raw)


def _no_key_twice(raw: bytes, file: _File) -> bool:
    """A decoder keeps the last of two equal keys. The fields found, each with its one colon, must be all colons."""
    free = [file.lots, *([file.params] if file.params is not UNSET else [])]
    known = 5 + (file.params is not UNSET) + (file.seed is not UNSET)
    known += sum(bytes(part).count(b":") for part in free)
    for bid in file.bids:
        known += 2 + 3 * len(bid.steps)
    names = sum(bid.agent.count(":") for bid in file.bids) + sum(s.lot.count(":") for b in file.bids for s in b.steps)
    return raw.count(b":") == known + names


def _fast(file: _File) -> Bulk | None:
    """The columns, or None where something is not as plain files have it."""
    lots = read_lots(parse(bytes(file.lots)))
    names = [bid.agent for bid in file.bids]
    steps = list(chain.from_iterable([bid.steps for bid in file.bids]))
    counts = np.fromiter((len(bid.steps) for bid in file.bids), np.int64, len(names))
    if len(lots) != 1 or {step.lot for step in steps} - {lots[0].id} or not _plain(names):
        return None
    if counts.max(initial=0) > MAX_PIECES or not 0 <= file.exponent <= MAX_EXPONENT:
        return None
    try:
        quantity = np.fromiter((step.quantity for step in steps), np.int64, len(steps))
        price = np.fromiter((step.price for step in steps), np.int64, len(steps))
    except OverflowError:
        return None
    agent = np.repeat(np.arange(len(names)), counts)
    if len(steps) > len(names) and not _monotone(agent, quantity, price):
        return None
    columns = Columns(agent, quantity, price, lots[0], read_currency(file.currency, "/currency"), file.exponent, names)
    params = {} if file.params is UNSET else read_free(parse(bytes(file.params)), "/params")
    return Bulk(file.mechanism, columns, params, "00" if file.seed is UNSET else read_seed(file.seed, "/seed"))


def _plain(names: list[str]) -> bool:
    """All names are distinct, ASCII, printable, and short."""
    joined = "".join(names)
    longest = max(map(len, names), default=1)
    several = len(set(names)) == len(names) and "" not in names
    return several and joined.isascii() and joined.isprintable() and longest <= MAX_ID and "@" not in joined


def _monotone(agent: np.ndarray, quantity: np.ndarray, price: np.ndarray) -> bool:
    """Within an agent, one side only and prices that do not improve from step to step."""
    same = agent[1:] == agent[:-1]
    sides = (quantity[1:] > 0) == (quantity[:-1] > 0)
    rise = np.diff(price)
    return bool((~same | (sides & np.where(quantity[1:] > 0, rise <= 0, rise >= 0))).all())


def _carefully(raw: bytes) -> Bulk:
    problem = Problem.from_json(raw)
    read_int(len(problem.lots), "/lots", 1, 1)
    names = [bid.agent for bid in problem.bids]
    rows = []
    for index, bid in enumerate(problem.bids):
        if bid.budget is not None:
            raise ProblemError("budget_not_taken", "columns have no budgets; use run", f"/bids/{index}/budget")
        rows += [(index, row.quantity, row.price) for row in rows_of(bid)[0]]
    table = np.array(rows, np.int64).reshape(-1, 3)
    agent, quantity, price = (np.ascontiguousarray(table[:, column]) for column in range(3))
    columns = Columns(agent, quantity, price, problem.lots[0], problem.currency, problem.exponent, names)
    return Bulk(problem.mechanism, columns, problem.params, problem.seed)
