"""The same bids for another rule: which parameters it gets, and what must be said beside what it makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mechanisms import get

WARNING = (
    "These are the bids that were made under another rule. Under this one bidders would have bid otherwise, so this is "
    "not what would have happened, but what this rule makes of the same bids."
)
CARRIED = ("direction", "minimum", "split", "weights", "clicks", "quality")  # parameters that describe the sale


def carried_params(rule: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Of the market's own parameters those that say what is sold, where the other rule takes them.

    Raises ProblemError where there is no such rule.
    """
    taken = get(rule).params.model_fields
    return {name: params[name] for name in CARRIED if name in params and name in taken}
