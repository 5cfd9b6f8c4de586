"""The marketplace with bids in clear, for bench_sealing.py alone: no setting of the service does this."""

import os
import sys

sys.path.insert(0, os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from marketplace.bidding import submissions  # noqa: E402
from marketplace.bidding.sealing import Sealer  # noqa: E402
from marketplace.markets.terms import Terms  # noqa: E402

NO_NONCE = bytes(32)


def in_clear(self: Sealer, terms: Terms, nonce: bytes, content: bytes) -> bytes:
    """What a bid's row would hold without a seal."""
    return content


Sealer.seal = in_clear  # type: ignore[method-assign]
submissions.nonce_of = lambda name: NO_NONCE
call_command("serve", port=int(sys.argv[1]))
