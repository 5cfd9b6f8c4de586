"""Settings of the test run: a database and a Stripe sandbox of its own, reached in-process through the real SDK."""

import os
import tempfile

if "STRIPE_SANDBOX_DATABASE" not in os.environ:  # child processes inherit what the first one chose
    place = tempfile.mkdtemp(prefix="walras-tests-")
    os.environ["STRIPE_SANDBOX_DATABASE"] = f"{place}/stripe.sqlite3"
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = f"sqlite:///{place}/walras.sqlite3"
    os.environ.setdefault("WALRAS_SECRET_KEY", "only-for-tests-" + "0" * 50)
    os.environ["WALRAS_CLEARING_SECRET_FILE"] = f"{place}/clearing-secret"
    os.environ["WALRAS_REPORTS_DIR"] = f"{place}/reports"
    os.environ["WALRAS_CONTRACT_KEY_FILE"] = f"{place}/contract-key"
    os.environ.setdefault("STRIPE_HTTP_CLIENT", "marketplace.stripe_sandbox.client.InProcessClient")
    os.environ.setdefault("STRIPE_CALLS_PER_SECOND", "0")  # the sandbox takes any
    os.environ.setdefault("WALRAS_LOG_LEVEL", "CRITICAL")
    os.environ.setdefault("WALRAS_WEBHOOK_LOOPBACK", "1")

from marketplace.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
