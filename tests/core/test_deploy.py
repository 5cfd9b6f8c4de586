"""Django's own check of a deployment, under the settings that the docs give for production."""

import os
import secrets
import subprocess
import sys

from tests.test_house import ROOT


def test_the_check_of_a_deployment_finds_nothing() -> None:
    production = {
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "WALRAS_SECRET_KEY": secrets.token_urlsafe(50),
        "WALRAS_HTTPS": "1",
        "WALRAS_HOSTS": "market.example.org",
        "WALRAS_ORIGINS": "https://market.example.org",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "WALRAS_"))}
    done = subprocess.run(command, cwd=ROOT, env={**kept, **production}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
