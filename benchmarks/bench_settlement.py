"""Settling the winners of a round against the same calls as bare HTTP, on as many workers, in one run; and its memory.

The sandbox is a process of its own, reached over HTTP. `python benchmarks/bench_settlement.py [--winners 1000]`
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
place = tempfile.mkdtemp(prefix="walras-bench-")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{place}/walras.sqlite3")
os.environ["WALRAS_SECRET_KEY"] = "only-for-this-bench-" + "0" * 40
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
BOUND, FLAT = 1.3, 1.1

from tests.stripe_sandbox.sandbox_process import SandboxProcess  # noqa: E402

sandbox = SandboxProcess(Path(place) / "stripe.sqlite3")
os.environ["STRIPE_API_BASE"] = sandbox.url

import django  # noqa: E402
import httpx  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from marketplace.settlement import services, work  # noqa: E402
from marketplace.settlement.models import Authorisation, PayoutAccount  # noqa: E402
from marketplace.settlement.sweeps import SWEEPS  # noqa: E402
from tests.settlement.stories import Sale, payee, payer  # noqa: E402

LIMIT, CHARGE = 1000, 700


def held(sale: Sale, buyer: object, winners: int) -> list[Authorisation]:
    """So many holds of one market, on one buyer's card."""
    with transaction.atomic():
        rows = [sale.reserved(LIMIT, buyer) for _ in range(winners)]
    Authorisation.objects.update(due_at="2000-01-01T00:00:00Z")
    while any(sweep.claim_and_run() for sweep in SWEEPS):
        pass
    return list(Authorisation.objects.filter(pk__in=[row.pk for row in rows], state="authorised"))


def bare(rows: list[Authorisation], seller: PayoutAccount) -> float:
    """The same captures and the same transfer as bare HTTP and nothing else, on as many threads."""
    limits = httpx.Limits(max_connections=work.THREADS, max_keepalive_connections=work.THREADS)
    headers = {"Authorization": "Bearer sk_test_bare", "Content-Type": "application/x-www-form-urlencoded"}
    with httpx.Client(base_url=sandbox.url, headers=headers, limits=limits) as http:

        def post(path: str, key: str, **form: object) -> None:
            answer = http.post(f"/v1/{path}", content=urlencode(form), headers={"Idempotency-Key": key})
            answer.raise_for_status()
            answer.json()

        def capture(row: Authorisation) -> None:
            post(f"payment_intents/{row.payment_intent}/capture", f"bare:{row.ref}", amount_to_capture=CHARGE)

        started = time.perf_counter()
        with ThreadPoolExecutor(work.THREADS) as pool:
            list(pool.map(capture, rows))
        total = CHARGE * len(rows)
        post(
            "transfers", f"bare:{rows[0].ref}:transfer", amount=total, currency="eur", destination=seller.stripe_account
        )
        return time.perf_counter() - started


def ours(sale: Sale, rows: list[Authorisation]) -> float:
    """From the recorded outcome to everybody paid."""
    sale.cleared({row.reference: CHARGE for row in rows})
    started = time.perf_counter()
    while any(sweep.claim_and_run() for sweep in SWEEPS):
        pass
    took = time.perf_counter() - started
    assert services.settled(sale.round_ref).obligations == {"paid": len(rows) + 1}
    return took


def resident() -> int:
    """The most that this process has held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    """The ratio of the medians, against its bound, and what all after the first quarter added to memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--winners", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    buyer, seller = payer(), payee()
    account = PayoutAccount.objects.get(principal=seller)
    small = Sale(seller=seller)
    ours(small, held(small, buyer, given.winners // 4))  # everything is loaded; and a quarter's memory
    after_quarter = resident()
    bares, mine = [], []
    for _ in range(given.rounds):
        sale = Sale(seller=seller)
        rows, others = held(sale, buyer, given.winners), held(Sale(seller=seller), buyer, given.winners)
        bares.append(bare(others, account))
        mine.append(ours(sale, rows))
    ratio = median(mine) / median(bares)
    grown = resident() / after_quarter
    print(f"{given.winners} winners: bare HTTP {_seconds(bares)} s, settled {_seconds(mine)} s")
    print(f"ratio of the medians {ratio:.2f} (bound {BOUND})")
    print(
        f"memory: {after_quarter / 1024:.0f} MiB after a quarter as many, at the end {grown:.3f} of it (bound {FLAT})"
    )
    return int(ratio > BOUND or grown > FLAT)


def _seconds(taken: list[float]) -> str:
    return " ".join(f"{each:.2f}" for each in taken)


if __name__ == "__main__":
    try:
        status = main()
    finally:
        connections.close_all()
        sandbox.stop()
    sys.exit(status)
