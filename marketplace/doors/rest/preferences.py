"""Preferences of the caller's person, and the categories that they speak of."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.models import Agent
from marketplace.core import clock
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.preferences import Categories, PreferenceDeleted, PreferencePage, PreferenceWords
from marketplace.doors.rest.shapes.preferences import Preference as PreferenceAnswer
from marketplace.doors.rest.strict import once, shaped
from marketplace.preferences.categories import listed_categories, published_schema
from marketplace.preferences.models import Preference
from marketplace.preferences.services import (
    change_preference,
    content_of,
    find_preference,
    forget_preference,
    store_preference,
)

EXAMPLE = {
    "preference": {
        "version": 1,
        "currency": "EUR",
        "items": {
            "flight": {
                "category": "flight/1",
                "must": [{"attribute": "stops", "eq": 0}, {"attribute": "departureTime.time", "lt": "12:00"}],
                "worth": 42000,
            }
        },
    },
    "alert": True,
}
JSON_SCHEMA = {200: {"type": "object", "description": "a JSON Schema"}}


class PreferenceBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A preference in its language (docs/preferences.md), and whether to hear of markets with a lot that it admits."""

    preference: dict[str, Any]
    alert: bool = False


class CategoriesView(APIView):
    """Schemas of attributes."""

    @extend_schema(
        operation_id="categories", summary="Every category with its attributes", responses=answered(Categories)
    )
    def get(self, request: Request) -> Response:
        """The house's own and the operators'."""
        caller(request, "read")
        return Response({"categories": listed_categories()})


class PreferenceSchemaView(APIView):
    """The language's JSON Schema."""

    @extend_schema(
        operation_id="preference_schema", summary="The JSON Schema of a preference", auth=[], responses=JSON_SCHEMA
    )
    def get(self, request: Request) -> Response:
        """Version 1."""
        return Response(published_schema())


class PreferencesView(APIView):
    """The list, and new ones."""

    @extend_schema(
        operation_id="preferences",
        summary="My stored preferences, without their words",
        parameters=PARAMETERS,
        responses=answered(PreferencePage),
    )
    def get(self, request: Request) -> Response:
        """The caller's own, newest first."""
        rows = Preference.objects.filter(agent_id=caller(request, "read").agent_id)
        return Response(listed("preferences", newest_first(rows, paging(request.query_params.dict())), _answer))

    @extend_schema(
        operation_id="preference_store",
        summary="Store a preference: checked, encrypted, read back by its own agent only",
        request=body(PreferenceBody, EXAMPLE),
        responses=answered(PreferenceAnswer, 201),
    )
    def post(self, request: Request) -> Response:
        """The id by which bids name it."""
        identity, stated = caller(request), shaped(request, PreferenceBody)

        def act() -> tuple[int, dict[str, Any]]:
            agent = Agent.objects.get(pk=identity.agent_id)
            return 201, _answer(store_preference(agent=agent, stated=stated.preference, alert=stated.alert))

        return once(request, act)


class PreferenceView(APIView):
    """One of them."""

    @extend_schema(
        operation_id="preference", summary="One of my preferences, with its words", responses=answered(PreferenceWords)
    )
    def get(self, request: Request, preference_ref: str) -> Response:
        """Another's does not exist for the caller."""
        row = find_preference(ref=preference_ref, agent_id=caller(request, "read").agent_id)
        return Response({**_answer(row), "preference": content_of(row)})

    @extend_schema(
        operation_id="preference_change",
        summary="Change its words (a new version) or its alert; bids that were made by it stand",
        request=body(PreferenceBody, EXAMPLE),
        responses=answered(PreferenceAnswer),
    )
    def put(self, request: Request, preference_ref: str) -> Response:
        """The same words make no new version."""
        identity, stated = caller(request), shaped(request, PreferenceBody)
        row = find_preference(ref=preference_ref, agent_id=identity.agent_id)
        changed = change_preference(preference=row, stated=stated.preference, alert=stated.alert)
        return Response(_answer(changed))

    @extend_schema(
        operation_id="preference_forget",
        summary="Delete it with all its versions",
        responses=answered(PreferenceDeleted),
    )
    def delete(self, request: Request, preference_ref: str) -> Response:
        """For good; a repeat finds nothing."""
        row = find_preference(ref=preference_ref, agent_id=caller(request).agent_id)
        forget_preference(preference=row)
        return Response({"id": preference_ref, "state": "deleted"})


def _answer(row: Preference) -> dict[str, Any]:
    return {
        "id": row.ref,
        "version": row.version,
        "alert": row.alert,
        "created_at": clock.stamp(row.created_at),
        "changed_at": clock.stamp(row.changed_at),
    }
