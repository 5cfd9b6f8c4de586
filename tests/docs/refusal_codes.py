"""Every refusal code that the code base can give, found by reading its syntax trees."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("marketplace", "mechanisms")
APART = "stripe_sandbox"  # answers with Stripe's own errors, not with ours


@dataclass(frozen=True)
class Raiser:
    """Where a call says its code: the argument's place and name, and what is put around it."""

    place: int
    name: str
    form: str = "{}"


BASE = {
    "Refusal": Raiser(1, "code"),
    "ProblemError": Raiser(0, "code"),
    "not_found": Raiser(0, "what", "{}_not_found"),
    "wrong_field": Raiser(0, "code"),
}
CODE = re.compile(r"[a-z][a-z0-9_]*")
Raisers = dict[str, Raiser]


def found_codes() -> set[str]:
    """What `marketplace/` and `mechanisms/` can answer with."""
    return {code for path in sources() for code in codes_in(ast.parse(path.read_text()))}


def sources() -> Iterator[Path]:
    """The Python files that may refuse something."""
    for top in SOURCES:
        yield from (path for path in sorted((ROOT / top).rglob("*.py")) if APART not in path.parts)


def codes_in(tree: ast.Module) -> Iterator[str]:
    """The codes of one module."""
    raisers = raisers_of(tree)
    for scope in functions(tree):
        for call in calls(scope, raisers):
            raiser = raisers[name_of(call)]
            for text in texts(argument(call, raiser), scope, tree):
                if CODE.fullmatch(text):
                    yield raiser.form.format(text)


def raisers_of(tree: ast.Module) -> Raisers:
    """The error classes, classes derived from them, and functions that hand one of their parameters on as the code."""
    raisers, before = dict(BASE), 0
    while len(raisers) > before:
        before = len(raisers)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                raisers = derived(node, raisers) | raisers
            elif isinstance(node, ast.FunctionDef) and node.name != "__init__":
                raisers = handed_on(node, raisers) | raisers
    return raisers


def derived(node: ast.ClassDef, raisers: Raisers) -> Raisers:
    """A class as a raiser: by its own `__init__` (without self) where that hands a code on, else by its base's."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            own = handed_on(part, raisers).get("__init__")
            return {node.name: Raiser(own.place - 1, own.name, own.form)} if own else {}
    base = next((inner(base) for base in node.bases if inner(base) in raisers), None)
    return {node.name: raisers[base]} if base else {}


def handed_on(function: ast.FunctionDef, raisers: Raisers) -> Raisers:
    """The function itself as a raiser, where a parameter of its own is the code or a part of it."""
    names = [parameter.arg for parameter in function.args.args]
    for call in calls(function, raisers):
        code = argument(call, raisers[name_of(call)])
        parts = code.values if isinstance(code, ast.JoinedStr) else [code]
        taken = [inner(part) for part in parts if inner(part) in names]
        if taken:
            form = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            return {function.name: Raiser(names.index(taken[0]), taken[0], form)}
    return {}


def inner(part: ast.expr | None) -> str:
    """The bare name that an expression or a part of an f-string is, else nothing."""
    return getattr(part.value if isinstance(part, ast.FormattedValue) else part, "id", "")


def functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Every function of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def calls(scope: ast.AST, raisers: Raisers) -> Iterator[ast.Call]:
    """The calls of raisers within a scope."""
    return (node for node in ast.walk(scope) if isinstance(node, ast.Call) and name_of(node) in raisers)


def name_of(call: ast.Call) -> str:
    """The name of what is called, without the object it is taken from; `super().__init__` is the class's own code."""
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    return "ProblemError" if name == "__init__" else name


def argument(call: ast.Call, raiser: Raiser) -> ast.expr | None:
    """The argument that is the code, by position or by name."""
    if raiser.place < len(call.args):
        return call.args[raiser.place]
    return next((keyword.value for keyword in call.keywords if keyword.arg == raiser.name), None)


def texts(node: ast.expr | None, scope: ast.AST, tree: ast.Module) -> list[str]:
    """The strings that an expression can be; a local name is followed to what its scope assigns to it."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return texts(node.body, scope, tree) + texts(node.orelse, scope, tree)
    if isinstance(node, ast.JoinedStr):
        return joined(node, scope, tree)
    if isinstance(node, ast.Name):
        return [text for value in assigned(node.id, scope) for text in texts(value, scope, tree)]
    return looked_up(node, tree) if isinstance(node, ast.Call) else []


def joined(node: ast.JoinedStr, scope: ast.AST, tree: ast.Module) -> list[str]:
    """Every string that an f-string can become."""
    found = [""]
    for part in node.values:
        tails = texts(part.value if isinstance(part, ast.FormattedValue) else part, scope, tree)
        found = [head + tail for head in found for tail in tails]
    return found


def looked_up(call: ast.Call, tree: ast.Module) -> list[str]:
    """The values of a module's table that `.get` looks up, and the default."""
    table = getattr(getattr(call.func, "value", None), "id", "")
    values = [value for node in assigned(table, tree) if isinstance(node, ast.Dict) for value in node.values]
    return [text for node in [*values, *call.args[1:]] for text in texts(node, tree, tree)]


def assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    """What a scope assigns to a name, alone or as one of several targets."""
    for node in ast.walk(scope):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            yield from taken(name, target, node.value)


def taken(name: str, target: ast.expr, value: ast.expr) -> Iterable[ast.expr]:
    """The part of a value that an assignment gives to this name."""
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    names = [inner(part) for part in target.elts] if isinstance(target, ast.Tuple) else []
    return at_place(value, names.index(name)) if name in names else []


def at_place(value: ast.expr, index: int) -> list[ast.expr]:
    """One member of a tuple, or of both tuples of a conditional expression."""
    if isinstance(value, ast.IfExp):
        return at_place(value.body, index) + at_place(value.orelse, index)
    return [value.elts[index]] if isinstance(value, ast.Tuple) else []
