"""The files of a new rule's package; words between double underscores are replaced."""

PYPROJECT = """\
[project]
name = "walras-__package__"
version = "0.1.0"
description = "A rule for Walras"
requires-python = ">=3.11"
dependencies = ["walras-mechanisms"]

[project.entry-points."__group__"]
__slug__ = "__slug__"

[build-system]
requires = ["setuptools>=69"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
py-modules = ["__slug__"]
"""

README = """\
# __title__

A rule for Walras. Once this package is installed, `python -m mechanisms list` names it, and every market can use it.

    pip install -e .
    pytest
    python -m mechanisms audit __slug__

Edit `__slug__.py`: say in SPEC what the rule promises, and write its algorithm. The tests hold it to every claim.
"""

RULE = '''\
"""__title__: the best offer gets one unit at its own price. Replace this by your rule."""

import numpy as np

from mechanisms.book import Book, Fill, nothing, one_unit
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.params import OneSided
from mechanisms.spec import Spec


class Params(OneSided):
    """What an operator can choose; every field becomes part of the form."""


SPEC = Spec(
    slug="__slug__",
    title="__title__",
    summary="One item; say in a line what the rule does.",
    paper="Say where the rule comes from",
    pricing="Say in one sentence how the price comes about.",
    params=Params,
    unit_supply=True,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "symmetric"),
        *fails("truthful", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: Params) -> Fill:
    """One lot's orders in (int64 columns), what each row gets and pays out."""
    if not len(book.price):
        return nothing(book)
    best = int(book.score.max())
    if best < book.floor:
        return nothing(book)
    tied = np.flatnonzero(book.score == best)
    winner = tied[book.agent[tied] == book.favoured(tied)[0]][0]
    return one_unit(book, winner, best)
'''

TEST = '''\
"""Everything that a rule must do, and every claim of its SPEC."""

import pytest

from mechanisms.conformance import cases


@pytest.mark.parametrize("case", cases("__slug__"), ids=str)
def test_conforms(case):
    case()
'''
