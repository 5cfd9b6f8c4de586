"""Inclusion: each bidder proves that its bid was in, and what was dropped, changed or late is found out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.bidding.inclusion import proof_answer, publish_due, publish_root
from marketplace.bidding.models import Bid
from marketplace.bidding.submissions import Submission
from marketplace.core import streams
from marketplace.core.refusals import Refusal
from marketplace.core.strict_json import canonical
from marketplace.markets.models import Market
from marketplace.markets.services import close_market
from mechanisms.check import receipts
from tests.factories import Trader, buy, close_now, open_a_market, submitted
from tests.test_house import ROOT

databases = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


@given(st.sets(st.binary(min_size=32, max_size=32), max_size=40))
def test_every_leaf_has_a_proof_and_no_other_one_does(leaves: set[bytes]) -> None:
    tree = receipts.tree_of(leaves)
    root = receipts.root_of(tree)
    for leaf in leaves:
        steps = receipts.proof_of(tree, leaf)
        assert receipts.climbed(leaf, steps) == root
        assert receipts.climbed(bytes([leaf[0] ^ 1]) + leaf[1:], steps) != root
        assert receipts.root_of(receipts.tree_of(leaves - {leaf})) != root
    with pytest.raises(ValueError, match="not in list"):
        receipts.proof_of(tree, b"stranger")


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Against the recursive definition in section 2.1, over sorted leaves."""

    def head(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return receipts._node(head(leaves[:split]), head(leaves[split:]))

    for n in range(1, 40):
        leaves = sorted(bytes([i]) * 32 for i in range(n))
        assert receipts.root_of(receipts.tree_of(leaves)) == head(leaves).hex()


class Bidder:
    """A trader with its body, its acknowledgement's parts and its proof, as files."""

    def __init__(self, market: Market, value: int) -> None:
        self.market, self.trader = market, Trader()
        self.trader.join(market)
        self.body = buy("room", value)
        self.submission: Submission = submitted(self.trader, market, self.body)
        self.bid = self.trader.send(self.submission).bid

    def verify(self, folder: Path, root: str, **changed: object) -> subprocess.CompletedProcess:
        """Run the script that the docs offer."""
        proof = proof_answer(self.market, self.bid.ref, self.trader.identity.agent_id)
        ack = {
            "id": self.bid.ref,
            "market": self.market.ref,
            "participation": self.bid.participation_ref,
            "receipt": self.bid.receipt,
            "nonce": self.submission.nonce.hex(),
        }
        files = []
        for name, content in (("bid", self.body), ("ack", ack), ("proof", proof)):
            file = folder / f"{name}.json"
            file.write_text(json.dumps({**content, **changed}))
            files.append(str(file))
        command = [sys.executable, str(ROOT / "docs" / "verify_receipt.py"), *files, root]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def published(market: Market) -> dict:
    """What the event of the close says."""
    events = [event for event in streams.read(market.stream) if event.kind == "receipts.published"]
    assert len(events) == 1
    return json.loads(events[0].payload)


def close(market: Market) -> None:
    close_now(market)
    assert close_market(market=market) is not None
    market.refresh_from_db()


@databases
def test_a_bidder_proves_its_bid_with_the_script_of_the_docs(tmp_path: Path) -> None:
    market = open_a_market()
    bidders = [Bidder(market, 5000 + n) for n in range(3)]
    with pytest.raises(Refusal, match="not closed") as caught:
        proof_answer(market, bidders[0].bid.ref, bidders[0].trader.identity.agent_id)
    assert caught.value.code == "not_closed"
    close(market)
    assert publish_due() == 1
    market.refresh_from_db()
    said = published(market)
    assert publish_root(market=market) == said["root"] == market.receipts_root
    assert said["bids"] == 3
    done = bidders[1].verify(tmp_path, said["root"])
    assert (done.returncode, done.stdout) == (0, "Your bid was in, unchanged; at the close it was accepted.\n"), done
    with pytest.raises(Refusal):
        proof_answer(market, bidders[0].bid.ref, bidders[1].trader.identity.agent_id)
    assert "root" in bidders[1].verify(tmp_path, "00" * 32).stderr
    assert "root" in bidders[1].verify(tmp_path, said["root"], status="withdrawn").stderr
    assert "not one of this bid" in bidders[1].verify(tmp_path, said["root"], **buy("room", 1)).stderr


@pytest.mark.parametrize(
    "content",
    [
        {"atoms": [{"bundle": {"room": 1}, "value": 5}], "budget": 4},
        {"steps": [{"lot": "room", "quantity": 1, "price": 5}]},
        {"program": {"columns": [{"value": 5}]}, "budget": 4},  # what a large preference is compiled to
    ],
)
def test_the_script_reads_every_kind_of_bid(tmp_path: Path, content: dict) -> None:
    nonce = bytes(range(32))
    names = {"market": "mkt_é", "id": "bid_1", "participation": "prt_1"}
    receipt = receipts.receipt_of(nonce, *names.values(), canonical(content))
    leaf = receipts.leaf_of(receipt, "accepted")
    files = {"bid": content, "ack": names | {"receipt": receipt, "nonce": nonce.hex()}}
    files["proof"] = {"status": "accepted", "proof": []}
    for name, value in files.items():
        (tmp_path / name).write_text(json.dumps(value))
    command = [sys.executable, str(ROOT / "docs" / "verify_receipt.py"), *files, leaf.hex()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_is_short_and_imports_nothing_of_ours() -> None:
    lines = (ROOT / "docs" / "verify_receipt.py").read_text().splitlines()
    assert len(lines) <= 40
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imported == {"hashlib", "json", "sys", "pathlib"}


@databases
@pytest.mark.parametrize("tampering", ["dropped", "changed", "late"])
def test_what_is_dropped_changed_or_late_is_found_out(tmp_path: Path, tampering: str) -> None:
    market = open_a_market()
    bidder, other = Bidder(market, 5000), Bidder(market, 6000)
    if tampering == "dropped":  # before the close, by who owns the database
        Bid.objects.filter(ref=bidder.bid.ref).delete()
    elif tampering == "changed":
        Bid.objects.filter(ref=bidder.bid.ref).update(receipt="ab" * 32)
    close(market)
    root = publish_root(market=market)
    market.refresh_from_db()
    if tampering == "dropped":
        with pytest.raises(Refusal, match="no bid"):
            bidder.verify(tmp_path, root)
    elif tampering == "changed":
        assert "root" in bidder.verify(tmp_path, root).stderr
    else:
        Bid.objects.filter(ref=other.bid.ref).update(receipt="ab" * 32)  # another bid in its place, after the close
        with pytest.raises(RuntimeError, match="not those whose root"):
            bidder.verify(tmp_path, root)


@databases
def test_ties_are_drawn_from_all_receipts_and_a_seed_committed_before_them() -> None:
    market = open_a_market()
    opened = json.loads(streams.read(market.stream)[0].payload)
    Bidder(market, 5000)
    close(market)
    publish_root(market=market)
    said = published(market)
    assert receipts.commitment_of(market.ref, said["seed"]) == opened["seed_commitment"]
    assert receipts.tie_seed_of(said["root"], said["seed"]) == said["tie_seed"] != said["seed"]
