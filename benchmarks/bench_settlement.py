"""Settling the winners of a round against the same calls made bare, on as many workers, in one run; and its memory.

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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
place = tempfile.mkdtemp(prefix="walras-bench-")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{place}/walras.sqlite3")
os.environ["WALRAS_SECRET_KEY"] = "only-for-this-bench-" + "0" * 40
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
BOUND = 1.3

from tests.stripe_sandbox.sandbox_process import SandboxProcess  # noqa: E402

sandbox = SandboxProcess(Path(place) / "stripe.sqlite3")
os.environ["STRIPE_API_BASE"] = sandbox.url

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from marketplace.settlement import calls, services, work  # noqa: E402
from marketplace.settlement.models import Authorisation, PaymentMethod, PayoutAccount  # noqa: E402
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
    """The same captures and the same transfer, and nothing else, on as many threads."""

    def capture(row: Authorisation) -> None:
        calls.capture(intent=row.payment_intent, amount=CHARGE, key=f"bare:{row.ref}")

    started = time.perf_counter()
    with ThreadPoolExecutor(work.THREADS) as pool:
        list(pool.map(capture, rows))
    calls.transfer(
        amount=CHARGE * len(rows),
        currency="EUR",
        destination=seller.stripe_account,
        group="bare",
        metadata={},
        key="bare",
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
    """The ratio, against its bound, and what the second half of the winners added to memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--winners", type=int, default=1000)
    winners = parser.parse_args().winners
    call_command("migrate", verbosity=0)
    buyer, seller = payer(), payee()
    account, _ = PayoutAccount.objects.get(principal=seller), PaymentMethod.objects.get(principal=buyer)
    small, one, two = Sale(seller=seller), Sale(seller=seller), Sale(seller=seller)
    ours(small, held(small, buyer, winners // 4))  # everything is loaded, and this is what a quarter takes of memory
    after_quarter = resident()
    first, second = held(one, buyer, winners), held(two, buyer, winners)
    base, mine = bare(second, account), ours(one, first)
    grown = resident() - after_quarter
    ratio = mine / base
    print(f"{winners} winners: bare {base:.2f} s, settled {mine:.2f} s, ratio {ratio:.2f} (bound {BOUND})")
    print(f"memory: {after_quarter / 1024:.0f} MiB after a quarter as many, {grown / 1024:.1f} MiB more at the end")
    return int(ratio > BOUND)


if __name__ == "__main__":
    try:
        status = main()
    finally:
        connections.close_all()
        sandbox.stop()
    sys.exit(status)
