"""The OpenAPI document against the running server: what it says may be sent is answered as it says, without a 5xx."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.agents.services import issue_key, revoke_key
from tests.factories import Trader
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KINDS = ("read", "trade", "operate", "revoked", "none")


def headers_of(kind: str) -> dict[str, str]:
    """A key of this kind, in its header."""
    trader = Trader(scope="operate" if kind == "operate" else "trade")
    key = trader.key
    if kind in ("read", "revoked"):
        row, key = issue_key(agent=trader.agent, scopes=["read"])
        if kind == "revoked":
            revoke_key(key=row)
    return {} if kind == "none" else {"Authorization": f"Bearer {key}"}


def operations(document: dict) -> Iterator:
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        yield found.ok()


def test_the_document_is_of_today_and_says_what_every_address_may_refuse(doors_only: Server) -> None:
    document = HTTP.get(f"{doors_only.url}/api/schema/?format=json").json()
    assert document["openapi"].startswith("3.1")
    for path, acts in document["paths"].items():
        for method, act in acts.items():
            assert "default" in act["responses"], (method, path)
    post = document["paths"]["/api/v1/keys/"]["post"]
    assert [part["name"] for part in post["parameters"]] == ["Idempotency-Key"]


@pytest.mark.parametrize("examples", [2, pytest.param(100, marks=pytest.mark.prove)])
def test_whatever_the_document_allows_is_answered_as_it_says(doors_only: Server, examples: int) -> None:
    document = HTTP.get(f"{doors_only.url}/api/schema/?format=json").json()
    sent = {kind: headers_of(kind) for kind in KINDS}
    seen, faults = set(), []

    def tried(operation) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy())
        def ask(case) -> None:
            for kind, headers in sent.items():
                response = case.call(base_url=doors_only.url, headers=headers)
                seen.add((case.operation.label, kind))
                try:
                    case.validate_response(response, checks=CHECKS, headers=headers)
                except BaseException as fault:  # schemathesis raises groups
                    faults.append((kind, case.operation.label, str(fault)[:400]))

        ask()

    for operation in operations(document):
        tried(operation)
    assert faults == []
    assert len(seen) >= 30 * len(KINDS)
