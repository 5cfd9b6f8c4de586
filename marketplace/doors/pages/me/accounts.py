"""People's accounts: sign-up and login by django-allauth, with user names that say nothing."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import Group
from django.http import HttpRequest

from marketplace.core.refs import new_ref
from marketplace.doors.roles import PRINCIPAL


class PeopleAdapter(DefaultAccountAdapter):
    """allauth's way, but for the names and the role."""

    def generate_unique_username(self, txts: Any, regex: Any = None) -> str:
        """A random name: the e-mail address stands in one place only."""
        return new_ref("usr")

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """A new user is a principal."""
        made = super().save_user(request, user, form, commit)
        if commit:
            made.groups.add(Group.objects.get_or_create(name=PRINCIPAL)[0])
        return made
