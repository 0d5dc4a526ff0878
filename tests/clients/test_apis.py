from __future__ import annotations

import itertools

import httpx
import pytest

from bluegreen.clients.apis import object_in, object_of, until_answered
from bluegreen.clients.http import Answer
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.errors import PlatformError

ACTION = "a.platform/things/read"
WELL = Answer(200, b'{"name": "web"}')


def call(*answers):
    """How a call ends that is answered so, the last answer for ever; the pauses before its tries."""
    pauses, told = [], itertools.chain(answers, itertools.repeat(answers[-1]))
    with guarded(lambda: None, sleep=pauses.append):
        try:
            return until_answered(ACTION, lambda: next(told)), pauses
        except PlatformError as error:
            return error, pauses


def status(code, seconds=""):
    return Answer(code, b"", headers=httpx.Headers({"Retry-After": seconds} if seconds else {})), ""


def test_an_answer_that_is_clear_ends_a_call_at_once():
    assert call((WELL, "")) == (WELL, [])
    assert call(status(404))[1] == []
    assert call(status(403))[0].status == 403


@pytest.mark.parametrize("code", [408, 500, 502, 503, 504])
def test_an_answer_that_is_not_clear_is_asked_for_again(code):
    answer, pauses = call(status(code), (None, "no route"), (WELL, ""))
    assert answer == WELL
    assert len(pauses) == 2


def test_a_call_that_fails_five_times_has_failed():
    answer, pauses = call(status(503))
    assert answer.status == 503
    assert len(pauses) == 4
    error, pauses = call((None, "the peer could not be reached: refused"))
    assert str(error) == f"{ACTION}: the peer could not be reached: refused"
    assert len(pauses) == 4


def test_a_call_that_is_throttled_waits_as_long_as_it_is_told_and_is_tried_more_often():
    answer, pauses = call(status(429, "7"))
    assert answer.status == 429
    assert len(pauses) == 11
    assert min(pauses) >= 7
    assert max(call(status(429, "86400"))[1]) <= 40, "nobody is made to wait for a day"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null"])
def test_an_answer_without_an_object_is_an_empty_one(body):
    assert object_in(Answer(200, body)) == {}
    assert object_in(WELL) == {"name": "web"}


@pytest.mark.parametrize("body", [b"<html>Welcome to the hotel</html>", b"[1]", b'{"name": "we'])
def test_what_a_reading_answers_that_is_no_object_does_not_say_that_nothing_is_there(body):
    with pytest.raises(
        PlatformError, match=f"{ACTION}: the answer is no object of an API, but .*is a proxy in between"
    ):
        object_of(Answer(200, body), ACTION)
    for nothing in (b"", b" {}\n", b"null"):
        assert object_of(Answer(204, nothing), ACTION) == {}
    assert object_of(WELL, ACTION) == {"name": "web"}
