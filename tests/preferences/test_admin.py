"""Categories in the admin: written by the service, refused at the field, only looked at once used."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from marketplace.preferences.categories import use_categories, write_category
from marketplace.preferences.models import Category

pytestmark = pytest.mark.django_db
TICKET = {"title": "A ticket", "attributes": {"row": {"type": "number"}}}
PAGE = "/admin/preferences/category/"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin", password="admin"))
    return client


def test_an_operator_writes_a_category_and_is_told_what_is_wrong_with_one(operator: Client) -> None:
    wrong = operator.post(PAGE + "add/", {"name": "row/1", "schema": json.dumps({"title": "x", "attributes": {}})})
    assert "/schema/attributes" in wrong.content.decode()
    taken = operator.post(PAGE + "add/", {"name": "flight/1", "schema": json.dumps(TICKET)})
    assert "never changes" in taken.content.decode()
    assert Category.objects.count() == 0
    assert operator.post(PAGE + "add/", {"name": "row/1", "schema": json.dumps(TICKET)}).status_code == 302
    assert Category.objects.get().schema == TICKET


def test_a_category_that_was_used_is_neither_changed_nor_deleted(operator: Client) -> None:
    row = write_category(name="row/1", schema=TICKET)
    more = json.dumps(TICKET | {"title": "Another"})
    assert operator.post(f"{PAGE}{row.pk}/change/", {"schema": more}).status_code == 302
    assert Category.objects.get().schema["title"] == "Another"
    use_categories(["row/1"])
    assert operator.post(f"{PAGE}{row.pk}/change/", {"schema": json.dumps(TICKET)}).status_code == 403
    assert operator.post(f"{PAGE}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Category.objects.get().schema["title"] == "Another"


def test_preferences_have_no_page(operator: Client) -> None:
    assert operator.get("/admin/preferences/preference/").status_code == 404
    assert operator.get("/admin/preferences/preferenceversion/").status_code == 404
