"""`manage.py stripe_sandbox`: the local Stripe on a port of its own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.stripe_sandbox.apps import out_of_place
from marketplace.stripe_sandbox.router import ALIAS
from marketplace.stripe_sandbox.server import Sandbox


class Command(BaseCommand):
    """Needs no other part of the marketplace: no checks, no URLs."""

    help = "Serves a local Stripe on 127.0.0.1; its database is named by STRIPE_SANDBOX_DATABASE."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=12111, help="0 takes a free one")
        parser.add_argument("--webhook-url", default="", help="where events are posted")
        parser.add_argument("--webhook-secret", default="", help="whsec_..., signs them")
        parser.add_argument("--webhook-events", default="*", help="comma-separated event types; default all")

    def handle(self, **options: Any) -> None:
        if ALIAS not in settings.DATABASES:
            raise CommandError("STRIPE_SANDBOX_DATABASE must name the sandbox's SQLite file")
        if reason := out_of_place():
            raise CommandError(reason)
        if options["webhook_url"] and not options["webhook_secret"].startswith("whsec_"):
            raise CommandError("--webhook-url needs a --webhook-secret that begins with whsec_")
        events = options["webhook_events"].split(",")
        sandbox = Sandbox(options["port"], options["webhook_url"], options["webhook_secret"], events)
        self.stdout.write(f"Stripe sandbox at {sandbox.url}")
        self.stdout.flush()
        sandbox.run()
