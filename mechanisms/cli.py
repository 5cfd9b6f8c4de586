"""The command line: outcomes on standard output, problem documents on standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mechanisms.check import verify
from mechanisms.engine import run
from mechanisms.errors import ProblemError
from mechanisms.explaining import explain
from mechanisms.registry import specs
from mechanisms.types import Outcome, Problem


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 when it worked, 2 with an RFC 9457 document on standard error when it did not."""
    options = _parser().parse_args(arguments)
    try:
        sys.stdout.write(options.command(options) + "\n")
    except ProblemError as error:
        return _refuse(error.document())
    except OSError as error:
        return _refuse(ProblemError("unreadable_file", str(error)).document())
    except OutcomeRefutedError as error:
        return _refuse(error.document)
    return 0


class OutcomeRefutedError(Exception):
    """`verify` found something."""

    def __init__(self, findings: list[dict[str, str]]) -> None:
        super().__init__("outcome_refuted")
        detail = f"{len(findings)} findings against this outcome"
        self.document = {**ProblemError("outcome_refuted", detail).document(), "findings": findings}


def _refuse(document: dict[str, Any]) -> int:
    sys.stderr.write(_pretty(document) + "\n")
    return 2


def _pretty(data: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mechanisms", description="Auctions and exchanges as pure functions."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "run", _run, "print the outcome of a problem file", "FILE")
    _command(commands, "explain", _explain, "say why an agent got what it got", "FILE", "AGENT")
    _command(commands, "verify", _verify, "check an outcome against its problem", "PROBLEM", "OUTCOME")
    listing = _command(commands, "list", _list, "name the rules")
    listing.add_argument("--json", action="store_true", help="with claims and parameters, as JSON")
    return parser


def _command(commands: Any, name: str, action: Any, text: str, *positional: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    for argument in positional:
        parser.add_argument(argument.lower(), metavar=argument)
    parser.set_defaults(command=action)
    return parser


def _read(path: str) -> bytes:
    return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()


def _run(options: argparse.Namespace) -> str:
    problem = Problem.from_json(_read(options.file))
    return run(problem.mechanism, problem).to_json().decode()


def _explain(options: argparse.Namespace) -> str:
    problem = Problem.from_json(_read(options.file))
    return explain(problem, run(problem.mechanism, problem), options.agent)


def _verify(options: argparse.Namespace) -> str:
    problem, outcome = Problem.from_json(_read(options.problem)), Outcome.from_json(_read(options.outcome))
    findings = verify(problem, outcome)
    if findings:
        raise OutcomeRefutedError([finding.to_dict() for finding in findings])
    return _pretty({"verified": outcome.digest})


def _list(options: argparse.Namespace) -> str:
    if not options.json:
        return "\n".join(f"{spec.slug:24}{spec.summary}" for spec in specs())
    return _pretty([spec.to_dict() for spec in specs()])
