"""What all Stripe objects share: an id that sorts by time, metadata, JSON, and lists of themselves."""

from typing import Any, ClassVar, Self

from django.db import models

from marketplace.stripe_sandbox import rows
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, bad_parameter, missing_object
from marketplace.stripe_sandbox.ids import new_id

BOUNDS = {"gt": "created__gt", "gte": "created__gte", "lt": "created__lt", "lte": "created__lte"}


class StripeObject(models.Model):
    """An object that Stripe keeps."""

    PREFIX: ClassVar[str]
    OBJECT: ClassVar[str]
    ECHOED: ClassVar[tuple[str, ...]] = ()  # parameters that change nothing and are shown as they were sent

    id = models.CharField(primary_key=True, max_length=64)
    created = models.BigIntegerField()
    metadata = models.JSONField(default=dict)
    echoed = models.JSONField(default=dict)

    class Meta:
        abstract = True
        app_label = "stripe_sandbox"

    @classmethod
    def make(cls, params: Body, **columns: Any) -> Self:
        """A new object, not saved yet."""
        made = cls(id=new_id(cls.PREFIX), created=now(), **columns)
        made.take(params)
        return made

    @classmethod
    def seek(cls, wanted: str, **more: Any) -> Self | None:
        """The object of this id, if there is one and it is as described."""
        found = rows.read(cls, wanted)
        fits = found is not None and all(getattr(found, name) == value for name, value in more.items())
        return found if fits else None

    @classmethod
    def find(cls, wanted: str, param: str) -> Self:
        """The object that a parameter names."""
        found = cls.seek(wanted)
        if found is None:
            raise missing_object(cls.OBJECT, wanted, param)
        return found

    def take(self, params: Body) -> None:
        """Metadata is merged, an empty value removes; echoed parameters are kept."""
        self.echoed |= {name: params[name] or None for name in self.ECHOED if name in params}
        if "metadata" in params:
            merged = {**self.metadata, **(params["metadata"] or {})}
            self.metadata = {key: value for key, value in merged.items() if value != ""} if params["metadata"] else {}
        if len(self.metadata) > 50:
            raise bad_parameter("You can have up to 50 metadata keys", "metadata")

    def put(self) -> Self:
        """Stores it, new or changed."""
        rows.write(self)
        return self

    def common_json(self) -> Body:
        """The fields that every object shows."""
        shown = {"id": self.id, "object": self.OBJECT, "created": self.created, "livemode": False}
        return {**shown, "metadata": self.metadata, **{name: self.echoed.get(name) for name in self.ECHOED}}

    def as_json(self) -> Body:
        raise NotImplementedError


def _created(query: Any, wanted: Any) -> Any:
    if isinstance(wanted, int):
        return query.filter(created=wanted)
    return query.filter(**{BOUNDS[name]: value for name, value in (wanted or {}).items()})


def _page(query: Any, params: Body) -> Any:
    """Newest first, as Stripe lists; `ending_before` walks the other way."""
    for name, lookup in (("starting_after", "pk__lt"), ("ending_before", "pk__gt")):
        if wanted := params.get(name):
            query.model.find(wanted, name)
            query = query.filter(**{lookup: wanted})
    return query.order_by("pk" if params.get("ending_before") else "-pk")


def list_of(call: Call, query: Any, *equal: str) -> Body:
    """A page of objects; `equal` names the parameters that filter the column of the same name."""
    params = call.params
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise bad_parameter("Invalid limit: must be between 1 and 100", "limit", "parameter_invalid_integer")
    query = query.filter(**{name: params[name] for name in equal if name in params})
    found = list(_page(_created(query, params.get("created")), params)[: limit + 1])
    page = found[:limit]
    if params.get("ending_before"):
        page.reverse()
    data = [row.as_json() for row in page]
    return {"object": "list", "url": call.url, "has_more": len(found) > limit, "data": data}
