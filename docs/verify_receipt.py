"""Proves that a bid was in, unchanged: python docs/verify_receipt.py BID ACK PROOF ROOT

BID: the body that you sent (`compiled` of the acknowledgement where it held a preference); ACK: the acknowledgement
that you got; PROOF: what receipts/{bid}/proof/ answers (three JSON files); ROOT: the root in the market's public event
receipts.published.
"""

import hashlib
import json
import sys
from pathlib import Path


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def receipt(bid: dict, ack: dict) -> bytes:
    stated = {name: bid[name] for name in ("atoms", "steps", "program", "budget") if bid.get(name) is not None}
    content = json.dumps(stated, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    names = (ack["market"], ack["id"], ack["participation"], content)
    return sha(bytes.fromhex(ack["nonce"]), b"\0".join(name.encode() for name in names))


def climb(node: bytes, steps: list) -> bytes:
    for side, sibling in steps:
        other = bytes.fromhex(sibling)
        node = sha(b"\1", other, node) if side == "left" else sha(b"\1", node, other)
    return node


bid, ack, proof = (json.loads(Path(name).read_text()) for name in sys.argv[1:4])
if receipt(bid, ack).hex() != ack["receipt"]:
    sys.exit("The receipt is not one of this bid.")
leaf = sha(b"\0", bytes.fromhex(ack["receipt"]), proof["status"].encode())
if climb(leaf, proof["proof"]).hex() != sys.argv[4]:
    sys.exit("The bid is not among those whose root was published.")
print(f"Your bid was in, unchanged; at the close it was {proof['status']}.")
