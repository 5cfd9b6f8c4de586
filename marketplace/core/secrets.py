"""A field for what its own people alone may read: encrypted at rest, shown only to who opens it on purpose."""

import base64
from functools import lru_cache
from typing import Any, NoReturn

import msgspec
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from marketplace.core import boxes
from marketplace.core.strict_json import canonical


@lru_cache(maxsize=64)
def _derived(secret: str, purpose: str) -> bytes:
    return boxes.derived(secret, purpose)


def web_key(purpose: str) -> bytes:
    """A key for one purpose, from the secret that web processes hold and clearing children do not."""
    return _derived(settings.SECRET_KEY, purpose)


class Secret:
    """A JSON value that neither str() nor repr(), nor a template, log line, admin page or traceback shows."""

    __slots__ = ("_open", "_sealed")

    def __init__(self, value: Any) -> None:
        self._open: bytes | None = canonical(value)
        self._sealed: tuple[str, bytes] | None = None

    @classmethod
    def sealed(cls, place: str, locked: bytes) -> "Secret":
        """A value as a row has it, opened when it is asked for."""
        secret = cls.__new__(cls)
        secret._open, secret._sealed = None, (place, locked)
        return secret

    def open(self) -> Any:
        """The value. Call it only for the agent and the principal whose it is."""
        return msgspec.json.decode(self._bytes())

    def locked_for(self, place: str) -> bytes:
        """The value as a row keeps it, padded to its size class, under a fresh nonce."""
        return boxes.lock_at(web_key("fields"), place, self._bytes())

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: caches and queues are read by others")

    def _bytes(self) -> bytes:
        if self._sealed is not None:
            return boxes.unlock_at(web_key("fields"), *self._sealed)
        return self._open or b"null"


class _SecretAttribute(DeferredAttribute):
    """Wraps whatever is assigned, so that no row ever carries the value in clear."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        kept = value if value is None or isinstance(value, Secret) else Secret(value)
        instance.__dict__[self.field.attname] = kept


class SecretField(models.BinaryField):
    """A JSON value encrypted at rest (XChaCha20-Poly1305, padded); on rows it is a `Secret`, read by `.open()`.

    What is locked for one column does not open in another. It can be neither edited in the admin nor filtered by:
    the one lookup that it has is `isnull`.
    """

    descriptor_class = _SecretAttribute

    @property
    def place(self) -> str:
        """The column that its values are locked for."""
        return f"{self.model._meta.label_lower}.{self.name}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Secret | None:
        """A column's bytes."""
        return None if value is None else Secret.sealed(self.place, bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypted anew at every write, so that equal values do not look equal."""
        if value is not None:
            value = (value if isinstance(value, Secret) else Secret(value)).locked_for(self.place)
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        """Whether there is a value can be asked, nothing else."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> Any:
        """None: a transform would look into the value."""
        return None

    def formfield(self, **kwargs: Any) -> Any:
        """No form shows it."""
        return None

    def value_to_string(self, obj: models.Model) -> str:
        """As fixtures write it: encrypted, base64."""
        secret = self.value_from_object(obj)
        return "" if secret is None else base64.b64encode(secret.locked_for(self.place)).decode()
