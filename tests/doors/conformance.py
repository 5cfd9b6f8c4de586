"""Every answer of REST that a test hears, held against the OpenAPI document, which must name each of its members."""

import json
import re
from collections.abc import Iterator
from functools import cache
from threading import Lock
from typing import Any

import httpx
import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator

ROOT = "/api/v1/"
_DRAWING = Lock()


def hold(response: httpx.Response) -> None:
    """A hook of the tests' client: a good answer in JSON has the shape that the document gives it."""
    path, kind = response.request.url.path, response.headers.get("content-type", "")
    if not path.startswith(ROOT) or not response.is_success or not kind.startswith("application/json"):
        return
    response.read()
    faults = list(faults_of(response.request.method, path, response.status_code, response.json()))
    assert not faults, f"{response.request.method} {path}: {faults}"


def faults_of(method: str, path: str, status: int, body: Any) -> Iterator[str]:
    """Where the body is not what the document says."""
    for pattern, acts in _paths():
        if pattern.fullmatch(path):
            said = acts[method.lower()]["responses"].get(str(status))
            if said is None:
                yield f"the status {status} is not in the document"
                return
            schema = json.dumps(said["content"]["application/json"]["schema"])
            yield from (f"{fault.instance_path}: {fault.message}" for fault in _validator(schema).iter_errors(body))
            return
    yield "the address is not in the document"


def document() -> dict[str, Any]:
    """The document as this process draws it; the first of several threads draws."""
    with _DRAWING:
        return _drawn()


@cache
def _drawn() -> dict[str, Any]:
    return dict(SchemaGenerator().get_schema(request=None, public=True))


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Addresses as patterns; those with names in them come last, for `preferences/schema/` is no preference."""
    known = sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), acts) for path, acts in known]


@cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": document()["components"]}
    return jsonschema_rs.validator_for(_closed(whole), validate_formats=True)


def _closed(schema: Any) -> Any:
    """The same schema, taking no members but those that it names."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
