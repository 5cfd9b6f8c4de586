"""`manage.py reclear`: a market's bids under another rule, beside the outcome that stands."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.reclearing import reclear


class Command(BaseCommand):
    """Measures side by side."""

    help = "Clear a market's bids by another rule and print the measures of both; nothing is stored or paid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which market, which rule."""
        parser.add_argument("--market", required=True, help="mkt_...")
        parser.add_argument("--rule", required=True, help="slug of the other rule")
        parser.add_argument("--params", type=json.loads, default={}, help="its parameters, JSON")
        parser.add_argument("--json", action="store_true", help="both outcomes in full")

    def handle(self, *args: Any, **options: Any) -> None:
        """The warning first."""
        market = Market.objects.filter(ref=options["market"]).first()
        if market is None:
            raise CommandError(f"There is no market {options['market']!r}.")
        try:
            found = reclear(market, options["rule"], options["params"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.detail} {refusal.next}") from refusal
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
            return
        first, second = found["original"], found["recleared"]
        lines = [found["warning"], "", f"{'':24}{first['mechanism']:>24}{second['mechanism']:>24}"]
        lines.append(f"{'status':24}{first['status']:>24}{second['status']:>24}")
        for name, value in first["measures"].items():
            pair = (value, second["measures"].get(name))
            lines.append(f"{name:24}" + "".join(f"{'-' if one is None else format(one, ',.10g'):>24}" for one in pair))
        self.stdout.write("\n".join(lines))
