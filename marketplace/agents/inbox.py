"""The inbox: one stream an agent, over all its markets and all that concerns it.

Every room above appends here with `tell`, inside the transaction that makes the event true; what is appended to a
stream that `streams.forward` leads here (a market that the agent joined) comes by itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.core import streams


def inbox_of(agent_ref: str) -> str:
    """The name of an agent's inbox stream."""
    return f"inbox:{agent_ref}"


def tell(*, agent_ref: str, kind: str, facts: Mapping[str, Any], at: datetime | None = None) -> int:
    """Append one event to an agent's inbox and return its number; must run inside a transaction.

    `kind` is two words such as `checkin.asked`; `facts` is JSON and names no person. Whoever tells several agents, or
    an agent and a market, gives `streams.append_all` one list of `told(...)` entries instead.
    """
    return streams.append(inbox_of(agent_ref), kind, facts, at)


def told(agent_ref: str, kind: str, facts: Mapping[str, Any]) -> streams.Entry:
    """The entry of an inbox, to be appended together with others."""
    return streams.Entry(inbox_of(agent_ref), kind, facts)
