"""Calls of Google's APIs: tokens that are not taken any more, and calls that are too many."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from bluegreen.clients.apis import Wire
from bluegreen.clients.http import Answer
from bluegreen.google.client import GoogleConnection, Session
from bluegreen.rollout import calls
from bluegreen.rollout.errors import PlatformError


@dataclass
class Credentials:
    """By this machine's clock they are good for ever."""

    token: str
    valid: bool = True


@pytest.fixture
def google(monkeypatch):
    """Google, which takes the tokens in ``taken``: (session, taken, what was sent with which token)."""
    taken, sent, given = {"second"}, [], iter(("first", "second", "third"))

    def exchange(_wire, verb, _url, _peer, headers, _query, _content):
        token = headers["Authorization"].removeprefix("Bearer ")
        sent.append((verb, token))
        return Answer(200, b'{"name":"web"}') if token in taken else Answer(401, b'{"error":{"message":"who?"}}'), ""

    monkeypatch.setattr(Wire, "exchange", exchange)
    monkeypatch.setattr(Session, "_found", lambda _session, _auth: Credentials(next(given)))
    return Session(GoogleConnection(), "https://google.test"), taken, sent


def test_a_token_that_google_takes_no_more_is_replaced_once(google):
    """It was revoked, or this machine's clock is late."""
    session, _taken, sent = google
    assert session.get("/v2/web", "read") == {"name": "web"}
    assert sent == [("GET", "first"), ("GET", "second")]
    session.get("/v2/web", "read")
    assert sent[2:] == [("GET", "second")]


def test_a_write_is_sent_again_with_another_token_if_it_still_may_be(google):
    session, _taken, sent = google
    asked = []
    with calls.guarded(lambda: asked.append(1)):
        session.patch("/v2/web", "write", "traffic", {})
    assert sent == [("PATCH", "first"), ("PATCH", "second")]
    assert len(asked) == 2


def test_who_is_not_known_with_another_token_either_is_told_so(google):
    session, taken, sent = google
    taken.clear()
    with pytest.raises(PlatformError, match=r"read: status 401: who\?"):
        session.get("/v2/web", "read")
    assert len(sent) == 2


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_too_many_calls_are_told_from_what_is_not_allowed(monkeypatch, reason):
    """Compute Engine and Cloud DNS answer both with 403."""
    told, pauses = [reason] * 3, []
    monkeypatch.setattr(Session, "_found", lambda _session, _auth: Credentials("one"))

    def exchange(*_):
        if told:
            body = {"error": {"code": 403, "message": "no", "errors": [{"reason": told.pop()}]}}
            return Answer(403, json.dumps(body).encode()), ""
        return Answer(200, b'{"name":"web"}'), ""

    monkeypatch.setattr(Wire, "exchange", exchange)
    session = Session(GoogleConnection(), "https://google.test")
    with calls.guarded(lambda: None, sleep=pauses.append):
        assert session.get("/compute/v1/web", "read") == {"name": "web"}
        assert len(pauses) == 3
        told.append("forbidden")
        with pytest.raises(PlatformError, match="read: forbidden: no"):
            session.get("/compute/v1/web", "read")
    assert len(pauses) == 3
