"""The log: one JSON object a line on standard error, with what each line is due to, and without secrets."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from marketplace.core import tracing

Line = MutableMapping[str, Any]
# Keys of ours and of Stripe's, whatever follows Bearer, and the ends of addresses that let in whoever knows them.
_SECRETS = re.compile(
    r"\b(?:wk|sk|rk)_(?:test|live)_\w+|\bwhsec_[\w+/=]+|(?i:bearer)\s+[^\s\"'\\]+"
    r"|(?<=/downloads/)[^/\s\"]+|(?<=/confirm-email/)[^/\s\"]+|(?<=/reset/key/)[^/\s\"]+"
)
MASK = "<secret>"


def add_cause(_: Any, __: str, line: Line) -> Line:
    """The request's or the run's id, and the sweep's name inside of one."""
    if cause := tracing.cause():
        line.setdefault("request", cause)
    if sweep := tracing.sweep():
        line["sweep"] = sweep
    return line


def without_secrets(_: Any, __: str, text: str) -> str:
    """The whole line without what looks like a key: our own lines have none, a library's may."""
    return _SECRETS.sub(MASK, text)


_BEFORE = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(allow=("route", "status", "seconds")),  # Django's own hold the request
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    add_cause,
]
_LINE = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.format_exc_info,  # texts only: the values of a frame's variables would tell bids and keys
    structlog.processors.EventRenamer("said"),
    structlog.processors.JSONRenderer(default=repr),
    without_secrets,
]


def logging_config(level: str) -> dict[str, Any]:
    """For Django's LOGGING: `level` for what is ours; libraries say warnings at most, for some tell keys and frames."""
    made = {"()": structlog.stdlib.ProcessorFormatter, "foreign_pre_chain": _BEFORE, "processors": _LINE}
    talkative = level in ("DEBUG", "INFO")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": made},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING" if talkative else level},
        "loggers": {"marketplace": {"level": level}} if talkative else {},
    }
