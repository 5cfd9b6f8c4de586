"""The websocket door as an AsyncAPI 3 document, its frames drawn from the Structs that parse them."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from marketplace.bidding.moves import MoveBody
from marketplace.bidding.submissions import BidBody
from marketplace.doors.market_socket import WithdrawData
from marketplace.doors.rest.schemas import schema_of

Schema = dict[str, Any]
ID: Schema = {"description": "yours; comes back with the answer", "type": ["string", "integer", "null"]}
KEY: Schema = {"description": "the idempotency key", "type": "string", "minLength": 1, "maxLength": 128}
PUBLIC_KINDS = ("opened", "joined", "extended", "begun", "closed", "settled", "cancelled")
KINDS = (
    *(f"market.{word}" for word in PUBLIC_KINDS),
    *("receipts.published", "key.released", "round.cleared", "round.failed", "round.superseded"),
    *("participation.active", "participation.raised", "participation.refused", "bid.accepted", "bid.withdrawn"),
    *("move.made", "position.changed"),
)
INBOX_ONLY = (
    *("turn.yours", "market.matched", "invitation.received", "webhook.disabled", "webhook.test"),
    *("checkin.asked", "checkin.answered", "checkin.lapsed", "card.saved", "account.changed"),
    *(f"contract.{word}" for word in ("offered", "accepted", "refused", "lapsed", "cancelled", "reinstated")),
)
ALL_KINDS = (*KINDS, *INBOX_ONLY)


def _frame(kind: str, required: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    """A frame's schema: `type` and these members, no others."""
    return {
        "type": "object",
        "required": ["type", *required],
        "properties": {"type": {"const": kind}, **members},
        "additionalProperties": False,
    }


ANSWER: Schema = {"id": ID, "status": {"type": "integer"}}
PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "next"],
    "properties": {"code": {"type": "string"}, "next": {"type": "string"}, "pointer": {"type": "string"}},
}
SENT: dict[str, Schema] = {
    "auth": _frame("auth", ("key",), id=ID, key={"description": "your API key", "type": "string"}),
    "bid.submit": _frame("bid.submit", ("key", "data"), id=ID, key=KEY, data=schema_of(BidBody)),
    "bid.withdraw": _frame("bid.withdraw", ("data",), id=ID, data=schema_of(WithdrawData)),
    "move.submit": _frame("move.submit", ("key", "data"), id=ID, key=KEY, data=schema_of(MoveBody)),
    "ping": _frame("ping", id=ID),
}
HEARD: dict[str, Schema] = {
    "ack": _frame("ack", ("id", "status", "data"), **ANSWER, data={"type": "object"}),
    "error": _frame("error", ("id", "status", "data"), **ANSWER, data=PROBLEM),
    "pong": _frame("pong", ("id",), id=ID),
    "event": _frame(
        "event",
        ("stream", "seq", "kind", "at", "data"),
        stream={"type": "string", "pattern": "^(market:mkt_|participation:prt_|inbox:agt_)"},
        seq={"type": "integer", "minimum": 1},
        kind={"enum": list(ALL_KINDS)},
        at={"type": "string", "format": "date-time"},
        data={"type": "object"},
    ),
}
SENT_TO_INBOX = {name: SENT[name] for name in ("auth", "ping")}
SENDS = "What a client sends; each but `ping` is answered by `ack` or `error`."
HEARS = "What a client hears: answers, and events in order, each once."
AFTER: Schema = {"type": "integer", "minimum": 0, "description": "the last event of the first stream that you have"}
MINE: Schema = {"type": "integer", "minimum": 0, "description": "the last event of your own that you have"}
CHANNELS: dict[str, dict[str, Any]] = {
    "market": {
        "address": "/ws/v1/markets/{market}/",
        "parameters": {"market": {"description": "a market's id, mkt_..."}},
        "numbers": {"after": AFTER, "mine": MINE},
        "frames": SENT | HEARD,
    },
    "inbox": {
        "address": "/ws/v1/inbox/",
        "parameters": {},
        "numbers": {"after": AFTER},
        "frames": SENT_TO_INBOX | HEARD,
    },
}


@require_safe
def asyncapi_document(request: HttpRequest) -> JsonResponse:
    """The document, with this server's own address."""
    return JsonResponse(document(request.get_host(), "wss" if request.is_secure() else "ws"))


def document(host: str, protocol: str) -> Schema:
    """AsyncAPI 3.0: a channel for a market and one for the inbox, what a client sends and what it hears."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Walras, the websocket door", "version": "1", "description": "See docs/protocol.md."},
        "defaultContentType": "application/json",
        "servers": {
            "here": {"host": host, "protocol": protocol, "security": [{"$ref": "#/components/securitySchemes/key"}]}
        },
        "channels": {name: _channel(**parts) for name, parts in CHANNELS.items()},
        "operations": {
            "send": _operation("send", "market", SENT, f"{SENDS} A market's socket takes bids and moves."),
            "hear": _operation("receive", "market", HEARD, HEARS),
            "inbox_send": _operation("send", "inbox", SENT_TO_INBOX, SENDS),
            "inbox_hear": _operation("receive", "inbox", HEARD, HEARS),
        },
        "components": {
            "messages": {name: _message(name, schema) for name, schema in (SENT | HEARD).items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An agent's key."}},
        },
    }


def _channel(address: str, parameters: Schema, numbers: Schema, frames: dict[str, Schema]) -> Schema:
    return {
        "address": address,
        "parameters": parameters,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in frames},
        "bindings": {"ws": {"query": {"type": "object", "properties": numbers}}},
    }


def _operation(action: str, channel: str, frames: dict[str, Schema], summary: str) -> Schema:
    """From the client's side: it sends, or it receives."""
    messages = [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in frames]
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary, "messages": messages}


def _message(name: str, schema: Schema) -> Schema:
    return {"name": name, "payload": schema}
