"""The account: who is signed in, the time zone that days and hours are counted in, and the way out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Principal
from marketplace.doors.pages.me.now import ZoneForm
from marketplace.doors.pages.me.person import attempt, of_person, page


@of_person
def account_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The account; a POST moves the person to another time zone."""
    form = ZoneForm(request.POST or None, initial={"time_zone": principal.time_zone})
    if request.method == "POST" and form.is_valid():
        zone = form.cleaned_data["time_zone"]
        own = Principal.objects.filter(pk=principal.pk)
        attempt(request, lambda: own.update(time_zone=zone), f"Days and hours are now those of {zone}.")
        return redirect("me-account")
    return page(request, "account", principal, {"here": "account", "zone_form": form})
