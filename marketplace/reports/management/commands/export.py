"""`manage.py export`: the outcomes of closed markets as tables, codebook and packages in one zip."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from marketplace.agents.models import Agent
from marketplace.reports.exporting import write_export
from marketplace.reports.formats import FORMATS
from marketplace.reports.scopes import Scope


class Command(BaseCommand):
    """An export to a file, with a bar."""

    help = "Write the outcomes of closed markets as one zip, as each market's disclosure allows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, how, whereto."""
        parser.add_argument("path", type=Path, help="the zip to write")
        parser.add_argument("--format", choices=list(FORMATS), default="csv")
        parser.add_argument(
            "--since", type=instant, help="markets that closed then or later: 2026-01-31, or with a time"
        )
        parser.add_argument("--market", help="this market alone, mkt_...")
        parser.add_argument("--operator", help="the markets of this operator (agt_...), in full")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say how many rows each table has."""
        operator = options["operator"]
        owner = Agent.objects.filter(ref=operator).first() if operator else None
        if operator and owner is None:
            raise CommandError(f"There is no agent {operator!r}.")
        scope = Scope(options["since"], options["market"], owner.pk if owner else None)
        with tqdm(total=100, unit="%", disable=None) as bar:

            def seen(words: str, share: float) -> None:
                bar.set_description(words, refresh=False)
                bar.update(int(100 * share) - bar.n)

            rows = write_export(scope, FORMATS[options["format"]], options["path"], seen)
        self.stdout.write(f"{options['path']}: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()))


def instant(text: str) -> datetime:
    """A date or an instant, UTC where no offset is given."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
