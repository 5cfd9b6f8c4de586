"""`manage.py replay`: make every outcome of an export again, and compare."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from mechanisms.check.replaying import replayed_file
from mechanisms.errors import ProblemError


class Command(BaseCommand):
    """What `python -m mechanisms replay` does, with a bar."""

    help = "Make every outcome of an export again from problem, seed and versions; every field that differs is named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("export", help="an export (.zip), its packages.jsonl, or one package (.json)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends with an error that lists the findings where there are any."""
        with tqdm(unit=" markets", disable=None) as bar:
            try:
                counts, findings = replayed_file(options["export"], bar.update)
            except (ProblemError, OSError) as error:
                raise CommandError(str(error)) from error
        if findings:
            raise CommandError(json.dumps(findings, indent=2))
        self.stdout.write(json.dumps(counts, indent=2))
