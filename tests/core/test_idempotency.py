"""Idempotency keys: one act per key, whatever is repeated, and at whatever moment."""

import threading

import pytest
from django.db import connection

from marketplace.core.idempotency import answer_once, checked_key
from marketplace.core.models import IdempotentAnswer, Stream
from marketplace.core.refusals import Refusal


def once(act, key: str = "k", body: str = "b", caller: str = "me"):
    return answer_once(caller=caller, path="/x/", key=key, body_hash=body, act=act)


@pytest.mark.django_db(transaction=True)
def test_a_repeat_gets_the_first_answer_and_another_body_is_refused() -> None:
    assert once(lambda: (201, b"first")) == (201, b"first")
    assert once(lambda: (500, b"never")) == (201, b"first")
    with pytest.raises(Refusal) as caught:
        once(lambda: (201, b"x"), body="other")
    assert (caught.value.status, caught.value.code) == (409, "idempotency_key_reused")
    assert once(lambda: (201, b"another caller"), caller="you") == (201, b"another caller")


@pytest.mark.django_db(transaction=True)
def test_a_refused_act_leaves_nothing_and_may_be_tried_again() -> None:
    def refuse():
        Stream.objects.create(name="half done")
        raise Refusal(422, "no", "no", "no")

    with pytest.raises(Refusal):
        once(refuse)
    assert not Stream.objects.exists()
    assert not IdempotentAnswer.objects.exists()
    assert once(lambda: (201, b"now")) == (201, b"now")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_act_once() -> None:
    acted, answers = [], []

    def act():
        acted.append(1)
        return 201, b"done"

    def request() -> None:
        answers.append(once(act))
        connection.close()

    threads = [threading.Thread(target=request) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(201, b"done")] * 4
    assert len(acted) == 1


@pytest.mark.parametrize("key", [None, "", "x" * 129, "ü", "tab\there"])
def test_keys_that_are_none(key: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        checked_key(key)
    assert caught.value.code in ("idempotency_key_missing", "idempotency_key_invalid")
