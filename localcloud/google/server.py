"""Google's APIs and its token endpoint, as one server has them: a path begins with the address of its service."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from localcloud.google.api import Api
from localcloud.google.errors import GoogleError
from localcloud.google.identity import TOKEN_PATH, Identity
from localcloud.google.world import World
from localcloud.tls_server import Answer, Request


def answering(world: World, api: Api, identity: Identity) -> Callable[[Request], Answer]:
    """Who answers: never an exception for what a client did."""

    def answer(request: Request) -> Answer:
        if request.verb == "POST" and request.path == TOKEN_PATH:
            form = dict(parse_qsl(request.body.decode()))
            with world.lock:
                return identity.token(form, f"{request.base}{TOKEN_PATH}")
        host, _, path = request.path.removeprefix("/").partition("/")
        try:
            with world.lock:
                principal = identity.who(request.headers.get("authorization", ""))
                found = api.ask(host, request.verb, f"/{path}", request.query, _body(request), principal.permissions)
                # While it is what was meant: the next request may change it.
                return Answer(200, json.loads(json.dumps(found)))
        except GoogleError as error:
            return Answer(error.code, error.body())

    return answer


def _body(request: Request) -> Any:
    if not request.body:
        return None
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise GoogleError("INVALID_ARGUMENT", f"Invalid JSON payload received. {error}") from error
