"""Answers within a language model's patience: long lists and texts are cut, and the answer says so."""

from typing import Any

from marketplace.core import limits
from marketplace.doors.mcp.call import encoded

LONG_TEXT = 600
CURSOR_CHARS = 28
KEPT_MEMBERS = 12  # of an object that is too large, such as a bundle of 256 lots


def fitted(answer: dict[str, Any], following: str) -> dict[str, Any]:
    """The answer, `next` its last member, within the bound; `left_out` counts the rows that did not fit."""
    body = {name: part for name, part in answer.items() if name != "next"}
    if _size(body, following) <= limits.MCP_ANSWER_CHARS:
        return {**body, "next": following}
    body = {name: _shortened(part) for name, part in body.items()}
    body, left_out = _without_tails(body, following)
    return {**body, **({"left_out": left_out} if left_out else {}), "next": following}


def short_turn(turn: dict[str, Any]) -> dict[str, Any]:
    """Whose turn it is; where the schemas of the legal moves are too long to read, their types alone."""
    if len(encoded(turn)) <= limits.MCP_ANSWER_CHARS // 2:
        return turn
    kinds = [{"type": each["type"], "data": "GET .../moves/ has its schema"} for each in turn["legal"]]
    return {**turn, "legal": kinds}


def page(answer: dict[str, Any], name: str, cursor: str | None, following: str) -> dict[str, Any]:
    """A list's answer within the bound; `next_cursor` is the last row that fitted, where more follow."""
    said = fitted({**answer, "next_cursor": cursor or "x" * CURSOR_CHARS}, following)
    rows = said[name]
    return {**said, "next_cursor": rows[-1]["id"] if rows and "left_out" in said else cursor}


def _without_tails(body: dict[str, Any], following: str) -> tuple[dict[str, Any], int]:
    """Rows taken from the longest list until the rest fits."""
    left_out = 0
    while _size(body, following) > limits.MCP_ANSWER_CHARS:
        lists = [name for name, part in body.items() if isinstance(part, list) and part]
        if not lists:
            break
        longest = max(lists, key=lambda name: len(encoded({"": body[name]})))
        body[longest] = body[longest][:-1]
        left_out += 1
    return body, left_out


def _shortened(part: Any) -> Any:
    if isinstance(part, str):
        return part if len(part) <= LONG_TEXT else part[: LONG_TEXT - 1] + "…"
    if isinstance(part, dict):
        return {name: _shortened(value) for name, value in list(part.items())[:KEPT_MEMBERS]}
    return [_shortened(value) for value in part] if isinstance(part, list) else part


def _size(body: dict[str, Any], following: str) -> int:
    return len(encoded({**body, "left_out": limits.PAGE_ROWS, "next": following}))
