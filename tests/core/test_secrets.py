"""Secrets: padded, encrypted at rest, shown to nobody by accident, and bound to their column."""

import pickle

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import boxes
from marketplace.core.models import IdempotentAnswer
from marketplace.core.secrets import Secret

VALUE = {"worth": 86_753_091}


@given(st.binary(max_size=3000), st.binary(max_size=3000))
def test_boxes_open_with_their_key_alone_and_show_only_a_size_class(one: bytes, other: bytes) -> None:
    key = boxes.new_key()
    locked = boxes.locker(key)(one)
    assert boxes.unlock(key, locked) == one
    with pytest.raises(boxes.BoxError):
        boxes.unlock(boxes.new_key(), locked)
    if len(boxes.padded(one)) == len(boxes.padded(other)):
        assert len(locked) == len(boxes.locker(key)(other))
    assert len(boxes.padded(one)) in {256 * 2**n for n in range(6)}


def test_what_is_sealed_to_a_key_opens_with_its_secret_alone() -> None:
    pair = boxes.new_pair()
    sealed = boxes.seal(pair.public, b"key")
    assert boxes.unseal(pair.secret, sealed) == b"key"
    assert boxes.pair_of(pair.secret) == pair
    with pytest.raises(boxes.BoxError):
        boxes.unseal(boxes.new_key(), sealed)
    with pytest.raises(boxes.BoxError):
        boxes.unseal(pair.secret, sealed[:-1] + bytes([sealed[-1] ^ 1]))


def stored() -> IdempotentAnswer:
    """A row with a secret, as the database gives it back."""
    made = IdempotentAnswer.objects.create(key_hash="k", body_hash="b", status=201, answer=VALUE, at=timezone.now())
    return IdempotentAnswer.objects.get(pk=made.pk)


def raw(row: IdempotentAnswer) -> bytes:
    """The column as it lies in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM core_idempotentanswer WHERE id = %s", [row.pk])
        return bytes(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_secret_comes_back_only_to_who_opens_it() -> None:
    row = stored()
    assert row.answer.open() == VALUE
    assert b"86753091" not in raw(row)
    for shown in (str(row.answer), repr(row.answer), f"{row.answer}", str(vars(row)), repr(Secret(VALUE))):
        assert "86753091" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(row.answer)
    first = raw(row)
    row.save()
    assert raw(row) != first  # a fresh nonce at every write: equal values do not look equal


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["answer", "answer__contains", "answer__gt", "answer__startswith", "answer__worth"])
def test_nobody_filters_by_a_secret(lookup: str) -> None:
    stored()
    with pytest.raises(FieldError):
        IdempotentAnswer.objects.filter(**{lookup: b"x"}).count()
    assert IdempotentAnswer.objects.filter(answer__isnull=False).count() == 1


@pytest.mark.django_db
def test_a_secret_moved_to_another_column_or_changed_does_not_open() -> None:
    row = stored()
    with pytest.raises(boxes.BoxError):
        Secret.sealed("other.place", raw(row)).open()
    with pytest.raises(boxes.BoxError):
        Secret.sealed("core.idempotentanswer.answer", raw(row)[:-1] + b"\x00").open()
    assert IdempotentAnswer._meta.get_field("answer").formfield() is None
