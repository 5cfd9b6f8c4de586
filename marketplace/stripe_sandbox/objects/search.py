"""Search: what was made a moment ago is not found yet, so that nobody takes an empty search for a proof."""

import re
import zlib
from typing import Any

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, bad_parameter
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.customer import Customer
from marketplace.stripe_sandbox.objects.payment_intent import PaymentIntent

LAG_SECONDS = 60
CLAUSE = re.compile(r"""^(metadata\[(['"])(?P<key>.+?)\2\]|(?P<field>\w+)):(['"]?)(?P<value>.*?)\5$""")
FIELDS = ("amount", "currency", "customer", "status", "email", "payment_intent")


def lag_of(wanted: str) -> int:
    """After how many seconds this object is found: the same for each reader, up to a minute."""
    return zlib.crc32(wanted.encode()) % (LAG_SECONDS + 1)


def search_of(call: Call, model: Any) -> Body:
    """Clauses joined by AND: `metadata['k']:'v'`, `status:'succeeded'`."""
    limit = call.params.get("limit", 10)
    query = model.objects.order_by("-pk")
    for clause in re.split(r"\s+AND\s+", call.params["query"]):
        query = query.filter(**_filter(clause, model))
    data = [row.as_json() for row in query if row.created + lag_of(row.id) <= now()]
    return {
        "object": "search_result",
        "url": call.url,
        "has_more": len(data) > limit,
        "next_page": None,
        "data": data[:limit],
    }


def _filter(clause: str, model: Any) -> dict[str, str]:
    found = CLAUSE.match(clause.strip())
    known = {field.name for field in model._meta.fields}
    if found is None or (found["field"] and found["field"] not in known.intersection(FIELDS)):
        raise bad_parameter(f"We were unable to parse your search query: {clause[:80]}", "query")
    if found["key"]:
        return {f"metadata__{found['key']}": found["value"]}
    return {found["field"]: found["value"]}


def payment_intents(call: Call) -> Body:
    return search_of(call, PaymentIntent)


def charges(call: Call) -> Body:
    return search_of(call, Charge)


def customers(call: Call) -> Body:
    return search_of(call, Customer)
