"""Kubernetes' calls for the fault proxy, named as RBAC has them: ``patch services``, ``patch deployments.apps/scale``.

with FaultProxy("https://127.0.0.1:6443", api=fault_kubernetes) as proxy:
    kubeconfig.write_text(through(proxy.url, node.kubeconfig.read_text()))
"""

from __future__ import annotations

import json
import re
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from localcloud.fault_api import Answer, Way

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/[^/]+)?/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>.+))?)?\Z"
)
_MARKS = "bluegreen-marks"
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_ANSWERS: dict[Way, tuple[int, str, str]] = {
    "throttled": (429, "TooManyRequests", "the server has received too many requests and has asked us to try again"),
    "server_error": (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    "refused": (403, "Forbidden", "User is not allowed to do this"),
}


def call_name(method: str, path: str, headers: Message, body: bytes) -> str:  # noqa: ARG001 - the path says it all
    """The verb and the resource; a dry run and marks are distinguished, since they move no traffic."""
    parts = urlsplit(path)
    match, query = _PATH.match(parts.path), parse_qs(parts.query)
    if match is None:
        return f"{method.lower()} {parts.path}"
    verb = _VERBS.get(method, method.lower())
    if verb == "get" and not match["name"]:
        verb = "watch" if "watch" in query else "list"
    resource = f"{match['plural']}.{match['group']}" if match["group"] else match["plural"]
    note = " (dry run)" if query.get("dryRun") else " (marks)" if query.get("fieldManager") == [_MARKS] else ""
    return f"{verb} {resource}{'/' + match['sub'] if match['sub'] else ''}{note}"


def is_stream(path: str) -> bool:
    """A watch, and a pod's log that is followed."""
    query = parse_qs(urlsplit(path).query)
    return any(query.get(name, ["false"])[0] in ("true", "1") for name in ("watch", "follow"))


def answer(way: Way, name: str, headers: Message, body: bytes) -> Answer:  # noqa: ARG001 - a call is answered by its kind alone
    """A ``Status`` object."""
    code, reason, message = _ANSWERS[way]
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": f"{message}: {name}",
        "code": code,
    }
    retry = [("Retry-After", "1")] if way == "throttled" else []
    return code, [("Content-Type", "application/json"), *retry], json.dumps(status).encode()


def authorization(kubeconfig: str) -> str:
    """The header that says who calls: Go's clients send no token without TLS, as the proxy is reached."""
    (user,) = yaml.safe_load(kubeconfig)["users"]
    return f"Bearer {user['user']['token']}"


def through(url: str, kubeconfig: str) -> str:
    """The kubeconfig with every cluster reached through the proxy, which is spoken to without TLS."""
    config: dict[str, Any] = yaml.safe_load(kubeconfig)
    for cluster in config["clusters"]:
        cluster["cluster"] = {"server": url}
    return yaml.safe_dump(config)
