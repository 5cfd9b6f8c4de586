"""`manage.py import_outcome`: an outcome from elsewhere becomes a closed market that exports hold."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.reports.importing import Stated, import_outcome
from marketplace.reports.management.commands.export import instant
from mechanisms.strict_json import parse
from mechanisms.types import ProblemError


class Command(BaseCommand):
    """A problem file, and the outcome that others published for it."""

    help = "Take over a problem with the outcome that others published, or with what its rule makes of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The files, and what is said about them."""
        parser.add_argument("problem", type=Path)
        parser.add_argument("outcome", type=Path, nargs="?", help="left out: the rule is run")
        parser.add_argument("--title", required=True)
        parser.add_argument("--source", required=True, help="where it comes from")
        parser.add_argument("--closed-at", type=instant, required=True)
        parser.add_argument("--disclosure", choices=Market.Disclosure.values, default=Market.Disclosure.PUBLIC)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the market's name."""
        names = ("title", "source", "closed_at", "disclosure")
        try:
            problem = parse(options["problem"].read_bytes())
            outcome = parse(options["outcome"].read_bytes()) if options["outcome"] else None
            stated = Stated(**{name: options[name] for name in names})
            market = import_outcome(problem=problem, outcome=outcome, stated=stated)
        except (OSError, ProblemError, Refusal) as error:
            raise CommandError(getattr(error, "detail", str(error))) from error
        self.stdout.write(market.ref)
