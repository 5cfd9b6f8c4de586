"""The sandbox's tables live in the database `stripe_sandbox` and nowhere else."""

from typing import Any

from django.db.models import Model

ALIAS = "stripe_sandbox"
APP = "stripe_sandbox"


class SandboxRouter:
    """Keeps Stripe's books and ours apart, so that undoing ours can never undo Stripe's."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return ALIAS if model._meta.app_label == APP else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        return ALIAS if model._meta.app_label == APP else None

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool | None:
        if APP in (one._meta.app_label, other._meta.app_label):
            return one._meta.app_label == other._meta.app_label
        return None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if app_label == APP or db == ALIAS:
            return app_label == APP and db == ALIAS
        return None
