"""The operations that are played, as the API's pages describe them: parameters, bodies, and who may ask.

Written by hand from the API's pages; the operations on routes and destinations and the list of apps were compared
with its OpenAPI file as well.
https://v3-apidocs.cloudfoundry.org/version/3.195.0/index.html
https://github.com/cloudfoundry-community/capi-openapi-go-client (``capiclient/api/openapi.yaml``)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

READERS = frozenset({"space_auditor", "space_developer", "space_manager", "space_supporter"})
DEVELOPERS = frozenset({"space_developer"})
SUPPORTERS = DEVELOPERS | {"space_supporter"}
ANYBODY = frozenset({""})
_PAGES = ("page", "per_page", "order_by")
_TIMES = ("created_ats", "updated_ats")
_RELATED = {"data": {"guid": str}}
_METADATA = {"labels": dict, "annotations": dict}
_PROTOCOLS = ("http1", "http2", "tcp")
_DESTINATIONS = {
    "destinations": [
        {"app": {"guid": str, "process": {"type": str}}, "weight": int, "port": int, "protocol": _PROTOCOLS},
    ]
}


@dataclass(frozen=True)
class Operation:
    """One.

    Attributes:
        verb: of the request.
        path: with a name in braces for what varies.
        roles: of a space, of which one is needed; an empty one: none is.
        query: the parameters that it has.
        body: the fields of its body by their types; a list has one entry, a tuple is a choice; ``None``: it has none.
        needs: the fields of its body that have to be there.
    """

    verb: str
    path: str
    roles: frozenset[str]
    query: tuple[str, ...] = ()
    body: Mapping[str, Any] | None = None
    needs: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """``PATCH /v3/routes/{guid}/destinations``."""
        return f"{self.verb} {self.path}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of a request's path."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + r"\Z")


OPERATIONS = (
    Operation("GET", "/v3/organizations", ANYBODY, ("names", "guids", "label_selector", *_PAGES, *_TIMES)),
    Operation(
        "GET",
        "/v3/spaces",
        ANYBODY,
        ("names", "guids", "organization_guids", "label_selector", "include", *_PAGES, *_TIMES),
    ),
    Operation(
        "GET",
        "/v3/apps",
        READERS,
        (
            *("names", "guids", "organization_guids", "space_guids", "stacks", "states", "lifecycle_type"),
            *("include", "label_selector", *_PAGES, *_TIMES),
        ),
    ),
    Operation("GET", "/v3/apps/{guid}", READERS, ("include",)),
    Operation("PATCH", "/v3/apps/{guid}", DEVELOPERS, body={"name": str, "lifecycle": dict, "metadata": _METADATA}),
    Operation("GET", "/v3/apps/{guid}/droplets/current", READERS),
    Operation("PATCH", "/v3/apps/{guid}/relationships/current_droplet", SUPPORTERS, body=_RELATED, needs=("data",)),
    Operation("POST", "/v3/apps/{guid}/actions/start", SUPPORTERS),
    Operation("POST", "/v3/apps/{guid}/actions/stop", SUPPORTERS),
    Operation(
        "GET",
        "/v3/processes",
        READERS,
        (
            *("guids", "types", "app_guids", "space_guids", "organization_guids", "label_selector"),
            *(*_PAGES, *_TIMES),
        ),
    ),
    Operation("GET", "/v3/processes/{guid}", READERS),
    Operation("GET", "/v3/processes/{guid}/stats", READERS),
    Operation(
        "POST",
        "/v3/processes/{guid}/actions/scale",
        SUPPORTERS,
        body={
            "instances": int,
            "memory_in_mb": int,
            "disk_in_mb": int,
            "log_rate_limit_in_bytes_per_second": int,
        },
    ),
    Operation(
        "GET",
        "/v3/routes",
        READERS,
        (
            *("domain_guids", "hosts", "organization_guids", "paths", "ports", "space_guids"),
            *("service_instance_guids", "include", "label_selector", *_PAGES, *_TIMES),
        ),
    ),
    Operation("GET", "/v3/routes/{guid}", READERS, ("include",)),
    Operation("PATCH", "/v3/routes/{guid}", SUPPORTERS, body={"metadata": _METADATA}),
    Operation("GET", "/v3/routes/{guid}/destinations", READERS, ("app_guids", "page", "per_page")),
    Operation("PATCH", "/v3/routes/{guid}/destinations", SUPPORTERS, body=_DESTINATIONS, needs=("destinations",)),
    Operation("POST", "/v3/routes/{guid}/destinations", SUPPORTERS, body=_DESTINATIONS, needs=("destinations",)),
    Operation(
        "POST",
        "/v3/packages",
        DEVELOPERS,
        body={
            "type": ("bits", "docker"),
            "relationships": {"app": _RELATED},
            "data": {"image": str, "username": str, "password": str},
            "metadata": _METADATA,
        },
        needs=("type", "relationships"),
    ),
    Operation(
        "POST",
        "/v3/builds",
        DEVELOPERS,
        body={
            "package": {"guid": str},
            "lifecycle": dict,
            "staging_memory_in_mb": int,
            "staging_disk_in_mb": int,
            "staging_log_rate_limit_bytes_per_second": int,
            "metadata": _METADATA,
        },
        needs=("package",),
    ),
    Operation("GET", "/v3/builds/{guid}", READERS),
)


def find(verb: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a request, and what stands in its path."""
    for one in OPERATIONS:
        match = one.pattern.match(path)
        if match and one.verb == verb:
            return one, match.groupdict()
    return None


def wrong_query(operation: Operation, query: Mapping[str, str]) -> str:
    """Why a query is refused; empty if it is not."""
    unknown = sorted(query.keys() - set(operation.query))
    if not unknown:
        return ""
    named = ", ".join(f"'{name}'" for name in unknown)
    valid = ", ".join(f"'{name}'" for name in operation.query)
    return f"The query parameter is invalid: Unknown query parameter(s): {named}. Valid parameters are: {valid}"


def wrong_body(operation: Operation, body: Any) -> str:
    """Why a body is refused; empty if it is not."""
    if operation.body is None:
        return ""
    if not isinstance(body, Mapping):
        return "Request body must be an object"
    missing = [name for name in operation.needs if name not in body]
    if missing:
        return f"{missing[0]} is missing"
    return _wrong("", operation.body, body)


def _wrong(path: str, kind: Any, value: Any) -> str:
    if isinstance(kind, Mapping):
        return _wrong_object(path, kind, value)
    if isinstance(kind, list):
        if not isinstance(value, list):
            return f"{path} must be an array"
        return next(filter(None, (_wrong(f"{path}[{index}]", kind[0], one) for index, one in enumerate(value))), "")
    if value is None:
        return ""
    if isinstance(kind, tuple):
        return "" if value in kind else f"{path} must be one of {', '.join(kind)}"
    if not isinstance(value, kind) or isinstance(value, bool):
        return f"{path} must be a{'n' if kind is int else ''} {kind.__name__}"
    return ""


def _wrong_object(path: str, kind: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{path} must be an object"
    unknown = sorted(value.keys() - kind.keys())
    if unknown:
        named = ", ".join(f"'{name}'" for name in unknown)
        return f"Unknown field(s): {named}"
    found = (_wrong(f"{path}.{name}".strip("."), kind[name], one) for name, one in value.items())
    return next(filter(None, found), "")
