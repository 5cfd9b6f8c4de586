"""What is done with preferences: stored, changed, found by their own agent, forgotten."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from marketplace.agents.models import Agent
from marketplace.core import clock, limits
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal, not_found
from marketplace.preferences.categories import known_categories, use_categories
from marketplace.preferences.models import Preference, PreferenceVersion
from mechanisms import preferences as language
from mechanisms.errors import ProblemError
from mechanisms.preferences.wording import in_sentences

FIX = "See docs/preferences.md for the language, GET /api/v1/categories/ for the attributes."


def read_stated(stated: Any, pointer: str = "/preference") -> language.Preference:
    """A preference as it was sent, checked; refused with a pointer and what was expected there."""
    names = _named_categories(stated)
    try:
        return language.read_preference(stated, language.built_in() | known_categories(names), pointer)
    except ProblemError as error:
        raise refused(error) from None


def refused(error: ProblemError) -> Refusal:
    """What the language refuses, as every door says it."""
    return Refusal(422, error.code, f"{error.detail[:1].upper()}{error.detail[1:]}.", FIX, error.pointer)


def _named_categories(stated: Any) -> list[str]:
    """The categories that a preference seems to name; what is no preference is refused afterwards."""
    items = stated.get("items") if isinstance(stated, dict) else None
    listed = items.values() if isinstance(items, dict) else ()
    found = [item.get("category") for item in listed if isinstance(item, dict)]
    return [name for name in found if isinstance(name, str)]


@transaction.atomic
def store_preference(*, agent: Agent, stated: Any, alert: bool = False) -> Preference:
    """A new preference; refused where it does not hold, or the agent has too many."""
    use_categories(_named_categories(stated))
    read_stated(stated)
    if agent.preferences.count() >= limits.PREFERENCES_PER_AGENT:
        detail = f"An agent keeps at most {limits.PREFERENCES_PER_AGENT} preferences."
        raise Refusal(409, "too_many_preferences", detail, "Delete one that is no longer wanted.")
    at = clock.now()
    row = Preference.objects.create(ref=new_ref("prf"), agent=agent, alert=alert, created_at=at, changed_at=at)
    PreferenceVersion.objects.create(preference=row, n=1, content=stated, at=at)
    return row


@transaction.atomic
def change_preference(*, preference: Preference, stated: Any, alert: bool) -> Preference:
    """The next version, unless the words are the same."""
    use_categories(_named_categories(stated))
    read_stated(stated)
    locked = Preference.objects.select_for_update().get(pk=preference.pk)
    locked.alert = alert
    if content_of(locked) != _as_stored(stated):
        locked.version += 1
        locked.changed_at = clock.now()
        PreferenceVersion.objects.create(preference=locked, n=locked.version, content=stated, at=locked.changed_at)
    locked.save(update_fields=["alert", "version", "changed_at"])
    return locked


def _as_stored(stated: Any) -> Any:
    """The JSON values as they come back from a row, decimals as numbers."""
    return PreferenceVersion(content=stated).content.open()


@transaction.atomic
def forget_preference(*, preference: Preference) -> None:
    """Delete it with all its versions; bids that were made by it stand as they are."""
    preference.delete()


def find_preference(*, ref: str, agent_id: int) -> Preference:
    """The agent's own; another's does not exist for it."""
    row = Preference.objects.filter(ref=ref, agent_id=agent_id).first()
    if row is None:
        raise not_found("preference", ref)
    return row


def content_of(preference: Preference) -> Any:
    """The words that stand; for its agent and principal only."""
    return PreferenceVersion.objects.get(preference=preference, n=preference.version).content.open()


def read_stored(preference: Preference) -> language.Preference:
    """The preference that stands, as the language reads it."""
    return read_stated(content_of(preference), "")


def words_of(preference: Preference) -> dict[str, Any]:
    """The preference that stands in sentences, for its person."""
    return in_sentences(read_stored(preference))


def alerts() -> Iterator[tuple[Preference, language.Preference]]:
    """Every preference that is an alert, with its agent."""
    for row in Preference.objects.filter(alert=True).select_related("agent").order_by("pk").iterator():
        yield row, read_stored(row)
