"""Bids, good and bad, that every door must answer with the same status and the same bytes."""

from dataclasses import dataclass

DEEP = b"[" * 12_000 + b"]" * 12_000


@dataclass(frozen=True)
class Case:
    """One body posted to a market; `market` names which one, `who` whose key."""

    name: str
    body: bytes
    status: int
    code: str = ""
    pointer: str | None = None
    market: str = "open"
    who: str = "trader"
    key: str | None = "fresh"
    same_bytes: bool = True  # False where the end of the body is not the end of the frame
    frame: bool = True  # False where no text frame can carry the body


def atoms(value: str, lot: str = "room", quantity: str = "1") -> bytes:
    """A body with one atom, its parts written as they stand."""
    return f'{{"atoms": [{{"bundle": {{"{lot}": {quantity}}}, "value": {value}}}]}}'.encode()


CORPUS = [
    Case("a good bid", atoms("4500"), 201),
    Case("steps", b'{"steps": [{"lot": "room", "quantity": 1, "price": 4500}]}', 201),
    Case("white space and order do not matter", b' {"atoms":[{"value":4500,\n"bundle":{"room":1}}]} ', 201),
    Case("unknown market", atoms("4500"), 404, "market_not_found", market="none"),
    Case("closed market", atoms("4500"), 409, "market_not_open", market="closed"),
    Case("draft market", atoms("4500"), 404, "market_not_found", market="draft"),
    Case("not joined", atoms("4500"), 403, "not_joined", who="stranger"),
    Case("wrong lot", atoms("4500", lot="suite"), 422, "unknown_lot", "/atoms/0/bundle/suite"),
    Case("negative money", atoms("-4500"), 422, "value_sign", "/atoms/0/value"),
    Case("fractional money", atoms("45.5"), 422, "not_an_integer", "/atoms/0/value"),
    Case("whole, but a fraction", atoms("45.0"), 422, "not_an_integer", "/atoms/0/value"),
    Case("exponent", atoms("1e3"), 422, "not_an_integer", "/atoms/0/value"),
    Case("quoted money", atoms('"4500"'), 422, "not_an_integer", "/atoms/0/value"),
    Case("true money", atoms("true"), 422, "not_an_integer", "/atoms/0/value"),
    Case("huge money", atoms("1" + "0" * 13), 422, "out_of_range", "/atoms/0/value"),
    Case("very huge money", atoms("9" * 40), 400, "number_out_of_range"),
    Case("over the limit", atoms("10001"), 403, "over_limit"),
    Case("fractional quantity", atoms("4500", quantity="0.5"), 422, "not_an_integer", "/atoms/0/bundle/room"),
    Case("empty bundle", b'{"atoms": [{"bundle": {}, "value": 1}]}', 422, "empty_bundle", "/atoms/0/bundle"),
    Case("a supply where only demand is taken", atoms("-1", quantity="-1"), 422, "wrong_side", "/atoms/0/bundle/room"),
    Case("both languages", b'{"atoms": [], "steps": []}', 422, "both_atoms_and_steps"),
    Case("no language", b"{}", 422, "neither_atoms_nor_steps"),
    Case("unknown field", b'{"atoms": [], "note": "hi"}', 400, "unknown_field", "/note"),
    Case("unknown field inside", b'{"atoms": [{"bundle": {"room": 1}, "value": 1, "x": 1}]}', 422, "unknown_field"),
    Case("replaces what is not there", atoms("4500")[:-1] + b', "replaces": "bid_x"}', 404, "bid_not_found"),
    Case("duplicate key", b'{"atoms": [], "atoms": []}', 400, "duplicate_key"),
    Case("NaN", atoms("NaN"), 400, "not_json"),
    Case("1e400", atoms("1e400"), 400, "number_out_of_range"),
    Case("lone surrogate", atoms("1", lot="\\ud800"), 400, "lone_surrogate"),
    Case("NUL", atoms("1", lot="\\u0000"), 400, "nul_character"),
    Case("deep", b'{"atoms": ' + DEEP + b"}", 400, "too_deep"),
    Case("an array", b"[]", 400, "not_an_object", ""),
    Case("null", b"null", 400, "not_an_object", ""),
    Case("not JSON", b'{"atoms": }', 400, "not_json"),
    Case("cut off", b'{"atoms": [', 400, "not_json", same_bytes=False),
    Case("not UTF-8", b'{"atoms": "\xff"}', 400, "not_utf8", frame=False),
    Case("too large", b'{"atoms": "' + b"a" * 66_000 + b'"}', 413, "body_too_large"),
    Case("no idempotency key", atoms("4500"), 400, "idempotency_key_missing", key=None),
    Case("endless idempotency key", atoms("4500"), 400, "idempotency_key_invalid", key="k" * 129),
    Case("unknown key", atoms("4500"), 401, "key_unknown", who="nobody"),
    Case("revoked key", atoms("4500"), 401, "key_revoked", who="revoked"),
    Case("missing key", atoms("4500"), 401, "key_missing", who="keyless"),
]
