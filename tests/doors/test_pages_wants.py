"""The page of wants: a person reads in words what its agents look for, and what would fit; nobody else does."""

import pytest
from django.test import Client

from marketplace.preferences.models import Preference
from marketplace.preferences.services import store_preference
from tests.factories import open_a_market
from tests.mandates.people import Person
from tests.preferences.flights import OFFER, OUT, wants

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
JSON = {"Accept": "application/json"}


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person.user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_a_person_reads_its_wants_in_words_and_what_fits_now() -> None:
    ada = Person()
    row = store_preference(agent=ada.agent, stated=wants(budget=40_000, reservation=500), alert=True)
    fits = open_a_market(mechanism="vcg", lots=OFFER, title="Flights with a good one")
    open_a_market(mechanism="vcg", lots=OUT, title="Flights without")
    client = signed_in(ada)
    listed = client.get("/me/wants/").content.decode()
    for words in ("stops is 0", "departureTime.time before 12:00", "seatingType is aisle", "worth 420.00 EUR"):
        assert words in listed
    assert "never more than 400.00 EUR in all" in listed
    shown = client.get(f"/me/wants/{row.ref}/").content.decode()
    assert "Flights with a good one" in shown
    assert "early" in shown
    assert "Flights without" not in shown
    told = client.get(f"/me/wants/{row.ref}/", headers=JSON).json()
    assert told["preference"] == wants(budget=40_000, reservation=500)
    assert [one["market"] for one in told["markets"]] == [fits.ref]
    assert told["markets"][0]["items"]["flight"] == [{"lot": "early", "worth": 42_000, "means": "420.00 EUR."}]
    (only,) = client.get("/me/wants/", headers=JSON).json()["preferences"]
    assert (only["id"], only["agent"], only["alert"]) == (row.ref, ada.agent.ref, True)
    assert "preference" not in only


def test_another_person_sees_nothing_of_it_and_the_person_may_forget_it() -> None:
    ada, eve = Person(), Person()
    row = store_preference(agent=ada.agent, stated=wants())
    other = signed_in(eve)
    assert "Nothing is stored" in other.get("/me/wants/").content.decode()
    for answer in (other.get(f"/me/wants/{row.ref}/"), other.post(f"/me/wants/{row.ref}/")):
        assert answer.status_code == 404
    assert Client().get(f"/me/wants/{row.ref}/").status_code == 302
    assert Client(enforce_csrf_checks=True).post(f"/me/wants/{row.ref}/").status_code == 403
    assert signed_in(ada).post(f"/me/wants/{row.ref}/").status_code == 302
    assert not Preference.objects.filter(pk=row.pk).exists()
