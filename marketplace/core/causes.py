"""The field that keeps what a row is due to."""

from typing import Any

from django.db import models

from marketplace.core import tracing


class CauseField(models.CharField):
    """What a row is due to, so that a sweep that takes it up can say so."""

    def __init__(self, **options: Any) -> None:
        told = "the request or the sweep's run that made it, as in the log"
        fixed = {"max_length": 64, "default": tracing.cause, "blank": True, "editable": False, "help_text": told}
        super().__init__(**{**fixed, **options})
