"""Roles as groups: what each may see and do in the admin. `manage.py migrate` makes them, and keeps them so."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

PRINCIPAL, OPERATOR, CLERK = "principal", "operator", "settlement clerk"
ECONOMIST, AUDITOR = "economist", "auditor"
MARKETS = ("markets.market", "markets.lot", "markets.round", "markets.template")
PEOPLE = ("agents.principal", "agents.agent", "agents.apikey")
BIDDING = ("bidding.participation", "bidding.raise", "bidding.bid", "bidding.move")
EXPORTS = "reports.export"
MANDATES = ("mandates.mandate", "mandates.commitment", "mandates.checkin")
PUSHED = ("authorisation", "obligation", "task", "webhookevent", "journal")
# Groups by role: (apps or models whose rows may be looked at, permissions to act).
ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    PRINCIPAL: ((), ()),
    OPERATOR: (
        (*MARKETS, *PEOPLE, *BIDDING, *MANDATES, "preferences", "clearing", EXPORTS),
        (
            "reports.add_export",
            *("markets.add_market", "markets.change_market", "markets.add_lot", "markets.change_lot"),
            *("markets.add_template", "markets.change_template"),
            *(
                "markets.delete_lot",
                "agents.change_apikey",
                "agents.change_principal",
                "preferences.add_category",
                "preferences.change_category",
            ),
        ),
    ),
    CLERK: (
        ("settlement",),  # "change" is what its buttons ask for: retry, release, refund, resend; no row has a form
        (
            "settlement.add_funding",
            *(f"settlement.change_{name}" for name in PUSHED),
        ),
    ),
    # Markets and their outcomes; people only by the pseudonyms of exports, bids only where a market discloses them.
    ECONOMIST: ((*MARKETS, EXPORTS), ("reports.add_export",)),
    AUDITOR: ((*MARKETS, *PEOPLE, *BIDDING, *MANDATES, "settlement", "preferences", "clearing", "doors", EXPORTS), ()),
}


def make_roles(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """After each migrate of our own database: every role with exactly its permissions."""
    if using != DEFAULT_DB_ALIAS:
        return
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0)
    for role, (seen, acts) in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(Permission.objects.filter(_viewing(seen) | _acting(acts)))


def _viewing(seen: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=())
    for name in seen:
        app, _, model = name.partition(".")
        of_model = Q(content_type__model=model) if model else Q()
        wanted |= Q(content_type__app_label=app, codename__startswith="view_") & of_model
    return wanted


def _acting(acts: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=())
    for act in acts:
        app, _, codename = act.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return wanted
