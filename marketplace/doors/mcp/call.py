"""One tool's call: who calls, with which arguments, as strictly parsed as every door's input."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from marketplace.agents.keys import Identity
from marketplace.core import strict_json
from marketplace.core.idempotency import key_hash
from marketplace.core.refusals import Refusal

T = TypeVar("T")
MESSAGE_DEPTH = 2  # the message and its params lie around the arguments


@dataclass(frozen=True, slots=True)
class Call:
    """What a tool gets."""

    identity: Identity
    tool: str
    arguments: dict[str, Any]
    elicits: bool = False  # the client can open an address for its person

    def shaped(self, shape: type[T]) -> T:
        """The arguments as a Struct."""
        return strict_json.shaped(self.arguments, shape)

    def about_a_bid(self) -> tuple[str, dict[str, Any]]:
        """The market's name, and the rest of the arguments: the body of a bid, with the pointers that it has."""
        rest = dict(self.arguments)
        market = rest.pop("market", None)
        if not isinstance(market, str):
            raise Refusal(400, "missing_field", "The tool needs a market.", "find_markets lists them.", "/market")
        return market, rest

    def key(self, epoch: int) -> str:
        """The idempotency key of this very act: a model that calls again does not act again.

        `epoch` counts how often what the act did was undone since, so that the same words may mean a new act.
        """
        words = strict_json.canonical(self.arguments).decode()
        return "mcp-" + key_hash("mcp", self.identity.agent_ref, self.tool, words, str(epoch))


def read_call(message: dict[str, Any], identity: Identity) -> Call | None:
    """The tool's call that a JSON-RPC message is, or None where it is another message."""
    params = message.get("params")
    if message.get("method") != "tools/call" or not isinstance(params, dict):
        return None
    arguments = strict_json.as_object(params.get("arguments", {}))
    return Call(identity, str(params.get("name", "")), arguments)


def encoded(answer: dict[str, Any]) -> str:
    """An answer as text."""
    return msgspec.json.encode(answer).decode()
