"""The command line: outcomes on standard output, problem documents on standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mechanisms import readers
from mechanisms.check import verify
from mechanisms.check.auditing import Verdict, audit
from mechanisms.check.finding import Finding
from mechanisms.check.packages import verify_package
from mechanisms.check.replaying import replayed_file
from mechanisms.engine import run
from mechanisms.errors import ProblemError
from mechanisms.explaining import explain
from mechanisms.kinds import read_outcome, read_problem
from mechanisms.registering import RegistrationError
from mechanisms.registry import get, specs
from mechanisms.scaffolding import new_package
from mechanisms.strict_json import parse


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 when it worked, 2 with an RFC 9457 document on standard error when it did not."""
    options = _parser().parse_args(arguments)
    try:
        sys.stdout.write(options.command(options) + "\n")
    except ProblemError as error:
        return _refuse(error.document())
    except RegistrationError as error:
        return _refuse(ProblemError(error.code, str(error)).document())
    except OSError as error:
        return _refuse(ProblemError("unreadable_file", str(error)).document())
    except RefutedError as error:
        return _refuse(error.document)
    return 0


class RefutedError(Exception):
    """`verify` or `audit` found something."""

    def __init__(self, code: str, detail: str, findings: list[dict[str, Any]]) -> None:
        super().__init__(code)
        self.document = {**ProblemError(code, detail).document(), "findings": findings}


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
    running = _command(commands, "run", _run, "print the outcome of a problem file", "FILE")
    running.add_argument("--lines", action="store_true", help="a problem a line, and each answered at once")
    explaining = _command(commands, "explain", _explain, "say why an agent got what it got", "FILE", "AGENT")
    explaining.add_argument("--exact", action="store_true", help="of bundles: solve for what is bounded otherwise")
    verifying = _command(
        commands, "verify", _verify, "check an outcome against its problem, or a market's package alone", "PROBLEM"
    )
    verifying.add_argument("outcome", nargs="?", metavar="OUTCOME", help="left out: the one file is a package")
    _command(commands, "replay", _replay, "make every outcome of an export again, and compare", "EXPORT")
    auditing = _command(commands, "audit", _audit, "try every claim of a rule, print counterexamples", "SLUG")
    auditing.add_argument("--problems", type=int, default=100, help="random problems for each claim that should hold")
    auditing.add_argument("--seed", type=int, default=0)
    auditing.add_argument("--claim", default="", help="only the claims of this name")
    auditing.add_argument("--json", action="store_true", help="with every counterexample as problem files")
    creating = _command(commands, "new", _new, "write a package with a rule of your own", "SLUG")
    creating.add_argument("--folder", type=Path, default=Path(), help="where the package goes")
    converting = _command(commands, "convert", _convert, "print the problem file of another format", "FORMAT")
    converting.add_argument("files", nargs="+", metavar="FILE", help="geniusweb: a domain, then profiles")
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
    if options.lines:
        return _run_lines(_read(options.file).splitlines())
    problem = read_problem(_read(options.file))
    return run(problem.mechanism, problem).to_json().decode()


def _run_lines(problems: Sequence[bytes]) -> str:
    """Outcome or problem document of each; all but the last are written here, so that a reader need not wait."""
    made = ""
    for n, line in enumerate(problems):
        if n:
            sys.stdout.write(made + "\n")
            sys.stdout.flush()
        try:
            problem = read_problem(line)
            made = run(problem.mechanism, problem).to_json().decode()
        except ProblemError as error:
            made = msgspec.json.encode(error.document()).decode()
    return made


def _explain(options: argparse.Namespace) -> str:
    problem = read_problem(_read(options.file))
    return explain(problem, run(problem.mechanism, problem), options.agent, exact=options.exact)


def _verify(options: argparse.Namespace) -> str:
    if options.outcome is None:
        return _verify_package(options.problem)
    problem, outcome = read_problem(_read(options.problem)), read_outcome(_read(options.outcome))
    findings = verify(problem, outcome) or list(_not_reproduced(problem, outcome))
    if findings:
        listed = [finding.to_dict() for finding in findings]
        raise RefutedError("outcome_refuted", f"{len(listed)} findings against this outcome", listed)
    return _pretty({"verified": outcome.digest})


def _verify_package(path: str) -> str:
    package = parse(_read(path))
    findings = verify_package(package)
    if findings:
        listed = [finding.to_dict() for finding in findings]
        raise RefutedError("package_refuted", f"{len(listed)} findings against this package", listed)
    events = {"seed_commitment": package["opening"]["seed_commitment"], "root": package["closing"]["root"]}
    return _pretty({"verified": package["outcome"]["digest"], "compare_with_the_public_events": events})


def _replay(options: argparse.Namespace) -> str:
    counts, findings = replayed_file(options.export)
    if findings:
        raise RefutedError("replay_refuted", f"{len(findings)} findings against this export", findings)
    return _pretty(counts)


def _not_reproduced(problem: Any, outcome: Any) -> Iterator[Finding]:
    """What no claim forbids is still forged where the rule, run again, says otherwise (ties, shares, who is paid)."""
    if get(problem.mechanism).numeric or outcome.certificate.get("grade") == "numeric":
        return  # floats: the optimality conditions were checked, bytes are not promised
    if run(problem.mechanism, problem, problem.params, problem.seed).digest != outcome.digest:
        yield Finding("consistent", "not_reproduced", "the rule, run again on this problem, gives another outcome")


def _verdicts(options: argparse.Namespace) -> list[Verdict]:
    spec = get(options.slug)
    if options.claim not in ("", *(claim.name for claim in spec.claims)):
        raise ProblemError("unknown_claim", f"{spec.slug} says nothing of {options.claim!r}")
    return audit(spec, problems=options.problems, seed=options.seed, only=options.claim)


def _audit(options: argparse.Namespace) -> str:
    verdicts = _verdicts(options)
    fallen = [verdict.to_dict() for verdict in verdicts if not verdict.stands]
    if fallen:
        raise RefutedError("claim_refuted", f"{len(fallen)} claims of {options.slug} do not stand", fallen)
    if options.json:
        return _pretty([verdict.to_dict() for verdict in verdicts])
    return "\n".join(verdict.in_words() for verdict in verdicts)


def _convert(options: argparse.Namespace) -> str:
    if options.format not in FORMATS:
        raise ProblemError("unknown_format", f"the formats are {', '.join(FORMATS)}")
    document = FORMATS[options.format](options.files)
    return read_problem(document).to_json().decode()


def _named(files: Sequence[str]) -> dict[str, str]:
    """Parties by the names of their files."""
    names = {Path(file).stem: file for file in files}
    if len(names) != len(files):
        raise ProblemError("duplicate_id", "two files have the same name, which names the party")
    return names


FORMATS: dict[str, Callable[[Sequence[str]], dict[str, Any]]] = {
    "cats": lambda files: readers.read_cats(files[0]),
    "genius": lambda files: readers.read_genius(_named(files)),
    "geniusweb": lambda files: readers.read_geniusweb(files[0], _named(files[1:])),
    "omie": lambda files: readers.read_omie(files[0]),
    "sandholm": lambda files: readers.read_sandholm(files[0]),
}


def _new(options: argparse.Namespace) -> str:
    return "\n".join(str(path) for path in new_package(options.slug, options.folder))


def _list(options: argparse.Namespace) -> str:
    if not options.json:
        return "\n".join(f"{spec.slug:24}{spec.summary}" for spec in specs())
    return _pretty([spec.to_dict() for spec in specs()])
