"""`expand`: puts the objects in the place of their ids."""

from typing import Any

from marketplace.stripe_sandbox import models
from marketplace.stripe_sandbox.errors import Body, bad_parameter

EXPANDABLE: dict[str, Any] = {
    "customer": models.Customer,
    "payment_method": models.PaymentMethod,
    "payment_intent": models.PaymentIntent,
    "latest_charge": models.Charge,
    "charge": models.Charge,
    "source_transaction": models.Charge,
    "destination": models.Account,
    "balance_transaction": models.BalanceTransaction,
    "setup_intent": models.SetupIntent,
    "destination_payment": None,
}
MAX_DEPTH = 4


def expand(body: Body, paths: list[str]) -> Body:
    """The same object with each path followed."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > MAX_DEPTH:
            raise bad_parameter(f"You cannot expand more than {MAX_DEPTH} levels: {path}", "expand")
        body = _follow(body, parts, path)
    return body


def _follow(node: Any, parts: list[str], path: str) -> Any:
    if not parts or node is None:
        return node
    if isinstance(node, list):
        return [_follow(each, parts, path) for each in node]
    name, *rest = parts
    if not isinstance(node, dict) or name not in node or (name not in EXPANDABLE and not rest):
        raise bad_parameter(f"This property cannot be expanded ({path}).", "expand")
    return {**node, name: _follow(_object(name, node[name]), rest, path)}


def _object(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = EXPANDABLE[name].seek(value) if EXPANDABLE.get(name) else None
    return found.as_json() if found else value
