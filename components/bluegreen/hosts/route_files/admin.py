"""One Envoy's state, by its admin interface: the routes that it goes by, and the health of its hosts."""

from __future__ import annotations

import http.client
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import urlencode, urlsplit

import httpx

from bluegreen.clients.http import fetch
from bluegreen.hosts.ssh_connection import SshConnection
from bluegreen.rollout.calls import note
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Readiness

_TIMEOUT_SECONDS, _MOST_BYTES = 10.0, 32_000_000


class Asks(Protocol):
    """Sends a GET to an admin interface."""

    def get(self, path: str) -> bytes:
        """The body of the answer.

        Raises:
            PlatformError: there is none, or none of status 200.
        """
        ...


@dataclass(frozen=True, slots=True)
class AdminUrl:
    """The admin interface at a URL that can be reached from here."""

    url: str

    def get(self, path: str) -> bytes:
        """One request."""
        call = call_of(path)
        note(call)
        try:
            answer = fetch("GET", self.url + path, timeout_seconds=_TIMEOUT_SECONDS, most_bytes=_MOST_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PlatformError(
                call,
                f"{self.url} does not answer: {error}; does Envoy run, and is that its admin interface (admin_url)?",
            ) from error
        if answer.status != 200 or answer.late or answer.cut:
            raise PlatformError(call, f"{self.url} answers {answer.status}, and not all that was requested")
        return answer.body


@dataclass(frozen=True, slots=True)
class AdminOverSsh:
    """The admin interface at a URL that another host reaches."""

    ssh: SshConnection
    url: str

    def get(self, path: str) -> bytes:
        """One request, over a connection that the host's sshd makes."""
        call = call_of(path)
        note(call)
        parts = urlsplit(self.url)
        if parts.scheme != "http":
            raise PlatformError(call, f"{self.url} is not reached over SSH: name one that begins with http://")
        socket = f"{parts.hostname}:{parts.port or 80}"
        request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        content = self.ssh.exchange(socket, request.encode(), call, ends=False)
        try:
            answer = http.client.HTTPResponse(cast("Any", _Received(content)))
            answer.begin()
            body = answer.read()
        except (http.client.HTTPException, OSError) as error:
            raise PlatformError(call, f"what came of {self.url} is no answer: {error!r}") from error
        if answer.status != 200:
            raise PlatformError(call, f"{self.url} answers {answer.status}, and not what was requested")
        return body


class _Received:
    """An answer that is there already, in the place of a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def call_of(path: str) -> str:
    """The name of a call."""
    return f"envoy:GET {path.partition('?')[0]}"


def routes_of(admin: Asks, name: str) -> tuple[list[Mapping[str, Any]], str]:
    """The route configurations of that name that Envoy goes by, and why it refused the newest, if it did: one call.

    Raises:
        PlatformError: Envoy does not answer.
    """
    configurations = _configs(admin, name, "dynamic_route_configs")
    named = [one for one in configurations if (one.get("route_config") or {}).get("name") == name]
    refused = [str((one.get("error_state") or {}).get("details") or "") for one in configurations]
    return [one["route_config"] for one in named], "; ".join(filter(None, refused))


def health_of(admin: Asks, cluster: str) -> Readiness:
    """The health of a cluster's hosts as Envoy sees them: two calls.

    A cluster that Envoy does not check is not ready: nothing would tell a host that is down.

    Raises:
        PlatformError: Envoy does not answer.
    """
    told = _json(admin, f"/clusters?{urlencode({'format': 'json', 'filter': f'^{re.escape(cluster)}$'})}")
    clusters = [one for one in told.get("cluster_statuses", []) if one.get("name") == cluster]
    if not clusters:
        return Readiness(False, 0, 1, f"Envoy has no cluster {cluster}")
    hosts = clusters[0].get("host_statuses", [])
    if not hosts:
        return Readiness(False, 0, 1, f"Envoy's cluster {cluster} has no host")
    problems = [problem for host in hosts if (problem := _problem(host))]
    healthy = len(hosts) - len(problems)
    if problems:
        return Readiness(False, healthy, len(hosts), problems[0])
    if not _is_checked(admin, cluster):
        reason = f"Envoy's cluster {cluster} has no `health_checks`: give it some, or a host that is down gets requests"
        return Readiness(False, 0, len(hosts), reason, fatal=True)
    return Readiness(True, healthy, len(hosts))


def _is_checked(admin: Asks, cluster: str) -> bool:
    for resource in ("static_clusters", "dynamic_active_clusters"):
        for one in _configs(admin, cluster, resource):
            if (one.get("cluster") or {}).get("name") == cluster:
                return bool(one["cluster"].get("health_checks"))
    return False


def _problem(host: Mapping[str, Any]) -> str:
    """Why a host gets no requests; empty if it does."""
    status = host.get("health_status") or {}
    said = status.get("eds_health_status", "HEALTHY")
    flags = [name for name, value in status.items() if value is True]
    if not flags and said in ("HEALTHY", "UNKNOWN", "DEGRADED"):
        return ""
    return f"{_address(host)}: {(flags[0].replace('_', ' ') if flags else str(said).lower())}"


def _address(host: Mapping[str, Any]) -> str:
    address = host.get("address") or {}
    socket = address.get("socket_address")
    if socket:
        return f"{socket.get('address')}:{socket.get('port_value')}"
    return str((address.get("pipe") or {}).get("path") or "a host")


def _configs(admin: Asks, name: str, resource: str) -> list[Mapping[str, Any]]:
    query = urlencode({"resource": resource, "name_regex": f"^{re.escape(name)}$"})
    return list(_json(admin, f"/config_dump?{query}").get("configs", []))


def _json(admin: Asks, path: str) -> Mapping[str, Any]:
    try:
        content = json.loads(admin.get(path))
    except ValueError as error:
        raise PlatformError(
            call_of(path), f"what came is not JSON: {error}; is admin_url the address of Envoy's admin interface?"
        ) from error
    return content if isinstance(content, dict) else {}
