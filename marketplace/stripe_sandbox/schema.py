"""What a call accepts is what the SDK's `stripe.params` TypedDicts declare; this reads them and checks against them."""

import sys
import types
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from operator import attrgetter
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union, get_args, get_origin

import stripe
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from marketplace.stripe_sandbox.errors import bad_parameter

Parser = Callable[[Any, str], Any]
# Parameters that Stripe has taken away and remembers by a code of their own.
RETIRED = {"payment_method_types": "payment_method_types_no_longer_supported"}
OPTIONS = frozenset(RequestOptions.__annotations__)  # of the SDK's own use, never sent


def params_named(name: str) -> type:
    """The TypedDict of one operation, such as `PaymentIntentCreateParams` or `checkout.SessionCreateParams`."""
    declared: type = attrgetter(name)(stripe.params)
    return declared


@cache
def fields_of(declared: type) -> dict[str, Parser]:
    """The accepted parameters of a TypedDict and how each is read."""
    return {name: _parser(hint, declared) for name, hint in declared.__annotations__.items() if name not in OPTIONS}


def read_params(declared: type, given: Any, inside: str = "") -> dict[str, Any]:
    """Checks and converts; raises Stripe's own refusals for unknown, missing and malformed parameters."""
    if not isinstance(given, dict):
        raise bad_parameter("Invalid hash", inside or "body", "parameter_invalid_hash")
    fields = fields_of(declared)
    for name in given:
        if name not in fields:
            full = _full(inside, name)
            raise bad_parameter(f"Received unknown parameter: {full}", full, RETIRED.get(full, "parameter_unknown"))
    for name in sorted(declared.__required_keys__ - OPTIONS):  # type: ignore[attr-defined]
        if name not in given:
            full = _full(inside, name)
            raise bad_parameter(f"Missing required param: {full}.", full, "parameter_missing")
    return {name: fields[name](value, _full(inside, name)) for name, value in given.items()}


def _full(inside: str, name: str) -> str:
    return f"{inside}[{name}]" if inside else name


def _evaluate(hint: Any, declared: type) -> Any:
    """The annotation without its quotes and its NotRequired."""
    while True:
        if get_origin(hint) in (NotRequired, Required):
            hint = get_args(hint)[0]
        elif isinstance(hint, ForwardRef | str):
            text = hint.__forward_arg__ if isinstance(hint, ForwardRef) else hint
            hint = eval(text, vars(sys.modules[declared.__module__]))  # noqa: S307  the SDK's own annotations
        else:
            return hint


def _members(hint: Any, declared: type) -> list[Any]:
    """The alternatives of a union, flattened; a plain type has one."""
    hint = _evaluate(hint, declared)
    if get_origin(hint) in (Union, types.UnionType):
        return [member for part in get_args(hint) for member in _members(part, declared)]
    return [hint]


def _parser(hint: Any, declared: type) -> Parser:
    members = [member for member in _members(hint, declared) if member is not type(None)]
    choices = [choice for member in members if get_origin(member) is Literal for choice in get_args(member)]
    unsettable = "" in choices
    choices = [choice for choice in choices if choice != ""]
    branch = _branch_parser(members, declared)
    leaf = _leaf_parser(members, choices)

    def parse(value: Any, name: str) -> Any:
        if value == "":
            if unsettable or branch is not None:
                return ""
            raise bad_parameter(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; "
                f"however '{name}' cannot be unset.",
                name,
                "parameter_invalid_empty",
            )
        if isinstance(value, dict | list):
            if branch is None:
                raise bad_parameter(f"Invalid {name}: expected a single value", name, "parameter_invalid_string")
            return branch(value, name)
        if leaf is None:
            raise bad_parameter(f"Invalid {name}: expected a hash or an array", name, "parameter_invalid_hash")
        return leaf(value, name)

    return parse


def _branch_parser(members: list[Any], declared: type) -> Parser | None:
    """How a nested value is read: a declared hash, a free one such as metadata, or an array."""
    for member in members:
        if is_typeddict(member):
            return lambda value, name, member=member: read_params(member, value, name)  # type: ignore[misc]
        if get_origin(member) is list:
            item = _parser(get_args(member)[0], declared)
            return lambda value, name, item=item: _read_list(item, value, name)  # type: ignore[misc]
        if get_origin(member) is dict:
            return _read_free
        if member is Any:
            return lambda value, name: value
    return None


def _read_list(item: Parser, value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise bad_parameter("Invalid array", name, "parameter_invalid_array")
    return [item(each, f"{name}[{place}]") for place, each in enumerate(value)]


def _read_free(value: Any, name: str) -> dict[str, str]:
    """A hash of strings; keys that are all digits were taken for an array and are turned back."""
    pairs = dict(value) if isinstance(value, dict) else {str(place): each for place, each in enumerate(value)}
    for key, each in pairs.items():
        if not isinstance(each, str) or len(each) > 500 or len(key) > 40:
            raise bad_parameter(f"Invalid {name}: keys are up to 40, values up to 500 characters", f"{name}[{key}]")
    return pairs


def _leaf_parser(members: list[Any], choices: list[Any]) -> Parser | None:
    if choices:
        rest = [member for member in members if member in (bool, int)]
        return lambda value, name: _read_choice(value, name, choices, bool in rest, int in rest)
    for kind, read in LEAVES.items():
        if kind in members:
            return read
    return None


def _read_choice(value: str, name: str, choices: list[Any], or_bool: bool, or_int: bool) -> Any:
    """The SDK writes `Literal[...] | str` to stay open to newer servers; a server knows its own list."""
    if value in choices:
        return value
    if or_bool:
        return _read_bool(value, name)
    if or_int:
        return _read_int(value, name)
    listed = ", ".join(map(str, choices))
    raise bad_parameter(f"Invalid {name}: must be one of {listed}", name)


def _read_int(value: str, name: str) -> int:
    if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20):
        raise bad_parameter(f"Invalid integer: {value[:40]}", name, "parameter_invalid_integer")
    return int(value)


def _read_bool(value: str, name: str) -> bool:
    if value not in ("true", "false"):
        raise bad_parameter(f"Invalid boolean: {value[:40]}", name)
    return value == "true"


def _read_decimal(value: str, name: str) -> str:
    try:
        Decimal(value)
    except InvalidOperation:
        raise bad_parameter(f"Invalid decimal: {value[:40]}", name, "parameter_invalid_decimal") from None
    return value


def _read_str(value: str, name: str) -> str:
    if len(value) > 5000:
        raise bad_parameter(f"Invalid string: must be at most 5000 characters: {name}", name)
    return value


LEAVES: dict[Any, Parser] = {
    int: _read_int,
    bool: _read_bool,
    float: _read_decimal,
    Decimal: _read_decimal,
    str: _read_str,
    Any: _read_str,
}
