"""The way of every request to Azure Resource Manager before its own service has it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.azure.description import checking, matching
from localcloud.azure.description.matching import Match, Matcher
from localcloud.azure.errors import ArmError
from localcloud.azure.identity import Identity
from localcloud.azure.operations import Running
from localcloud.azure.roles import Principal, require
from localcloud.azure.throttling import Buckets
from localcloud.azure.world import World
from localcloud.tls_server import Answer, Request


@dataclass(frozen=True)
class Call:
    """A request that Azure takes.

    Attributes:
        match: its operation, and what stands in the URL's places.
        path: of the URL, which is the resource's id, but for an action's last word.
        query: what is requested.
        headers: in lower case.
        body: as described, without what only Azure writes.
        base: how the client calls this server.
        version: the api-version.
        principal: who asks.
    """

    match: Match
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    base: str
    version: str
    principal: Principal

    def place(self, name: str) -> str:
        return self.match.places[name]


Handler = Callable[[Call], Answer]


class Service:
    """A resource provider: who answers which operations."""

    def __init__(self, world: World) -> None:
        self.world = world

    def handlers(self) -> dict[str, Handler]:
        """By the operation's name."""
        raise NotImplementedError


class Api:
    """All of it.

    Args:
        world: what there is.
        services: who plays what.
        matcher: what may be requested.
        identity: whose tokens count.
        buckets: how much may be requested.
        beside: paths of properties that another api-version of a type has beside the description's.
    """

    def __init__(
        self,
        world: World,
        services: Iterable[Service],
        matcher: Matcher,
        identity: Identity,
        buckets: Buckets,
        beside: Mapping[tuple[str, str], frozenset[str]],
    ) -> None:
        self._world, self._matcher, self._identity, self._buckets = world, matcher, identity, buckets
        self._handlers = {name: handler for one in services for name, handler in one.handlers().items()}
        self._beside = beside
        self.calls: list[tuple[str, str]] = []
        """Verb and path of all that was taken, in their order."""

    def answer(self, request: Request) -> Answer:
        """An answer; never an exception for what a client did."""
        headers = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-correlation-request-id": str(uuid.uuid4())}
        try:
            with self._world.lock:
                principal = self._identity.who(request.headers.get("authorization", ""))
                subscription = _subscription(request.path)
                headers |= self._buckets.take(request.verb, subscription, principal.client_id)
                found = self._operation(request, principal) or self._call(request, principal)
        except ArmError as error:
            found = Answer(error.status, error.body(), error.headers)
        return Answer(found.status, found.body, {**headers, **found.headers})

    def _call(self, request: Request, principal: Principal) -> Answer:
        match = self._matcher.find(request.verb, request.path, request.query)
        require(principal, matching.action(request.verb, _cased(match, request.path)), request.path)
        handler = self._handlers.get(match.operation.name)
        if handler is None:
            raise ArmError(501, "NotPlayed", f"The stand-in does not play {match.operation.name}.")
        version = request.query["api-version"]
        known = self._beside.get((matching.resource_type(request.path), version), frozenset())
        body = self._body(match, request, known)
        self.calls.append((request.verb, request.path))
        path = request.path.rstrip("/")
        call = Call(match, path, request.query, request.headers, body, request.base, version, principal)
        answer = handler(call)
        self._world.changed()
        return answer

    @staticmethod
    def _body(match: Match, request: Request, extra: frozenset[str]) -> Any:
        kind = match.operation.body
        if kind is None or (not request.body and not match.operation.body_required):
            return None
        if request.body and "json" not in request.headers.get("content-type", ""):
            raise ArmError(415, "UnsupportedMediaType", "The content media type has to be application/json.")
        try:
            value = json.loads(request.body or b"null")
        except ValueError as error:
            raise ArmError(400, "InvalidRequestContent", f"The request content was invalid: {error}.") from error
        partial = match.operation.verb == "PATCH"
        wrong = checking.problems(match.package, kind, value, partial=partial, known=extra)
        if wrong:
            raise ArmError(400, "InvalidRequestContent", f"The request content was invalid: {'; '.join(wrong)}.")
        return checking.writable(match.package, kind, value, creating=not partial)

    def _operation(self, request: Request, principal: Principal) -> Answer | None:
        """Where an operation's state is read."""
        parts = request.path.strip("/").split("/")
        if request.verb != "GET" or len(parts) < 2 or "operation" not in parts[-2].lower():
            return None
        running = self._world.operations.find(parts[-1])
        if running is None:
            return None
        # Who may follow it has to have a role on the resource group, says the page on asynchronous operations.
        group = "/".join(running.resource.split("/")[:5])
        require(principal, matching.action("GET", "/".join(parts[:-1])), group)
        if parts[-2].lower().endswith(("operationstatuses", "operations")):
            return Answer(200, running.told(request.path), _later(self._world, running))
        if not running.over:
            return Answer(202, None, {**_later(self._world, running), "Location": _url(request)})
        if running.error is not None:
            raise running.error
        if running.result is not None:
            return Answer(200, running.result)
        found = self._world.resources.get(running.resource)
        return Answer(204) if found is None else Answer(200, found.told())


def _later(world: World, running: Running) -> dict[str, str]:
    return {} if running.over else {"Retry-After": str(world.pace.retry_after)}


def _url(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    return f"{request.base}{request.path}?{query}"


def _subscription(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0].lower() == "subscriptions" else ""


def _cased(match: Match, path: str) -> str:
    """The path with the description's own spelling of namespaces and types."""
    template, given = match.operation.url.strip("/").split("/"), path.strip("/").split("/")
    extra = len(given) - len(template)
    template = ["{scope}"] * extra + template if extra > 0 else template
    return "/".join(one if part.startswith("{") else part for part, one in zip(template, given, strict=True))
