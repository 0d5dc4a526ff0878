"""Calls of Azure's APIs: tokens that are not taken any more."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from bluegreen.azure import client
from bluegreen.azure.client import AzureConnection, Session
from bluegreen.clients.apis import Wire
from bluegreen.clients.http import Answer
from bluegreen.rollout.errors import PlatformError


@dataclass
class Token:
    """By this machine's clock it is good for an hour."""

    token: str
    expires_on: float


class Credential:
    """It keeps the token that it has, as those of azure-identity do."""

    def __init__(self, token):
        self._token = token

    def get_token(self, _audience):
        return Token(self._token, time.time() + 3600)


@pytest.fixture
def azure(monkeypatch):
    """Azure, which takes the tokens in ``taken``: (session, taken, what was sent with which token)."""
    taken, sent, given = {"second"}, [], iter(("first", "second", "third"))

    def exchange(_wire, verb, _url, _peer, headers, _query, _content):
        token = headers["Authorization"].removeprefix("Bearer ")
        sent.append((verb, token))
        return Answer(200, b'{"id":"web"}') if token in taken else Answer(401, b'{"error":{"message":"who?"}}'), ""

    monkeypatch.setattr(Wire, "exchange", exchange)
    monkeypatch.setattr(client, "_credential", lambda _connection: Credential(next(given)))
    return Session(AzureConnection(), "https://azure.test"), taken, sent


CALLS = {
    "read": ("GET", lambda session: session.get("/web", "v1", "read")),
    "write": ("PATCH", lambda session: session.change("PATCH", "/web", "v1", "write", {})),
    "action that is sent once": ("POST", lambda session: session.once("/web/swap", "v1", "swap", {})),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_token_that_azure_takes_no_more_is_replaced_once(azure, call):
    """It was revoked, or this machine's clock is late."""
    session, _taken, sent = azure
    verb, send = CALLS[call]
    assert send(session)
    assert sent == [(verb, "first"), (verb, "second")]
    send(session)
    assert sent[2:] == [(verb, "second")]


@pytest.mark.parametrize("call", CALLS)
def test_who_is_not_known_with_another_token_either_is_told_so(azure, call):
    session, taken, sent = azure
    taken.clear()
    with pytest.raises(PlatformError, match=r"status 401: who\?"):
        CALLS[call][1](session)
    assert len(sent) == 2
