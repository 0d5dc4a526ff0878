"""Calls of Knative Serving: its objects by the API server, and requests by its gateway."""

from __future__ import annotations

import ssl
import time
import uuid
from typing import Any

import httpx

from localcloud import loopback
from localcloud.kubernetes import knative
from localcloud.kubernetes.node import LocalNode
from tests.localcloud.witness.cases import Delete, Seen, Step, Target, Write

_SETTLED_SECONDS = 120.0
_STILL, _STILL_UNKNOWN = 3, 12
"""Looks that tell the same, half a second apart, are the state: more of them, where Knative does not know it."""
_REQUESTS = 10


class Witness:
    """One that is up.

    Args:
        node: where it runs.
        running: it.
        namespace: for its services.

    Attributes:
        requests: how many were sent, each of which went as the service's state says.
    """

    def __init__(self, node: LocalNode, running: knative.Knative, namespace: str) -> None:
        trusted = ssl.create_default_context(cafile=str(node.layout.keys / "ca.crt"))
        headers = {"Authorization": f"Bearer {node.layout.token.read_text()}"}
        self._api = httpx.Client(base_url=node.server, verify=trusted, headers=headers, trust_env=False, timeout=30)
        self._objects = f"/apis/serving.knative.dev/v1/namespaces/{namespace}"
        self._namespace, self._url = namespace, running.url
        self.requests = 0

    def seen(self, steps: tuple[Step, ...]) -> list[Seen]:
        """The state after each step, of a service of its own."""
        name = f"web{uuid.uuid4().hex[:6]}"
        versions: list[dict[str, Any]] = []
        found = []
        try:
            for step in steps:
                refused = not self._take(name, step, versions)
                found.append(self._settled(name, refused=refused))
                if found[-1].ready:
                    self._requested(name, found[-1])
        finally:
            self._api.delete(f"{self._objects}/services/{name}")
        return found

    def _take(self, name: str, step: Step, versions: list[dict[str, Any]]) -> bool:
        if isinstance(step, Delete):
            return self._api.delete(f"{self._objects}/revisions/{name}-{step.revision}").is_success
        answer = self._api.get(f"{self._objects}/services/{name}")
        if answer.status_code == 404:
            assert step.revision is not None
            traffic = None if step.traffic is None else [_target(name, one) for one in step.traffic]
            made = knative.service(name, self._namespace, _template(name, step), traffic)
            return self._api.post(f"{self._objects}/services", json=made).is_success
        there = answer.json()
        changed = versions[-1] if step.stale else answer.json()
        versions.append(there)
        if step.revision is not None:
            _deploy(changed["spec"], _template(name, step))
        if step.traffic is not None:
            changed["spec"]["traffic"] = [_target(name, one) for one in step.traffic]
        return self._api.put(f"{self._objects}/services/{name}", json=changed).is_success

    def _settled(self, name: str, *, refused: bool) -> Seen:
        """Its state, once it has taken notice of what was written and does not change any more."""
        deadline = time.monotonic() + _SETTLED_SECONDS
        former, same = None, 0
        while True:
            service = self._api.get(f"{self._objects}/services/{name}").raise_for_status().json()
            status = service.get("status") or {}
            told = {one["type"]: one["status"] for one in status.get("conditions") or ()}
            noticed = status.get("observedGeneration") == service["metadata"]["generation"]
            # Routes that wait for a revision which failed are never known.
            known = "Unknown" not in (told.get("Ready", "Unknown"), told.get("ConfigurationsReady", "Unknown"))
            now = (
                self._look(name, status, refused=refused, ready=told["Ready"] == "True") if noticed and known else None
            )
            same = same + 1 if now is not None and now == former else 0
            if now is not None and same >= (_STILL_UNKNOWN if "Unknown" in told.values() else _STILL):
                return now
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} has not settled: {status}")
            former = now
            time.sleep(0.5)

    def _look(self, name: str, status: dict[str, Any], *, refused: bool, ready: bool) -> Seen:
        listed = self._api.get(
            f"{self._objects}/revisions", params={"labelSelector": f"serving.knative.dev/service={name}"}
        ).json()["items"]
        followed = [
            (_end(one["revisionName"]), one.get("percent", 0), one.get("tag", ""), bool(one.get("latestRevision")))
            for one in status.get("traffic") or ()
        ]
        return Seen(
            refused=refused,
            ready=ready,
            created=_end(status.get("latestCreatedRevisionName")),
            latest=_end(status.get("latestReadyRevisionName")),
            followed=tuple(sorted(followed)),
            revisions=tuple(
                sorted(_end(one["metadata"]["name"]) for one in listed if "deletionTimestamp" not in one["metadata"])
            ),
        )

    def _requested(self, name: str, state: Seen) -> None:
        """Requests go as it says."""
        host = f"{name}.{self._namespace}.{knative.DOMAIN}"
        wanted = {revision for revision, percent, _tag, _latest in state.followed if percent}
        for _ in range(_REQUESTS):
            assert self._color(host) in wanted, (host, state)
        for revision, _percent, tag, _latest in state.followed:
            if tag:
                assert self._color(f"{tag}-{host}") == revision, (tag, host, state)

    def _color(self, host: str) -> str:
        self.requests += 1
        return loopback.get(self._url, headers={"Host": host}, timeout=20).raise_for_status().headers["x-color"]


def _template(name: str, step: Write) -> dict[str, Any]:
    container: dict[str, Any] = {
        "image": LocalNode.image("broken" if step.fails else "v1"),
        "env": [{"name": "COLOR", "value": step.revision}, {"name": "RELEASE", "value": "2" if step.anew else "1"}],
        "readinessProbe": {"httpGet": {"path": "/healthz"}},
    }
    metadata: dict[str, Any] = {"name": f"{name}-{step.revision}"}
    if step.fails:
        # It never gets healthy: how long that is waited for.
        metadata["annotations"] = {"serving.knative.dev/progress-deadline": "5s"}
    return {"metadata": metadata, "spec": {"containers": [container]}}


def _deploy(spec: dict[str, Any], template: dict[str, Any]) -> None:
    """Send a template; where its name is there already only what differs, as Knative has added defaults to it."""
    there = spec["template"]
    if there["metadata"]["name"] == template["metadata"]["name"]:
        there["spec"]["containers"][0]["env"] = template["spec"]["containers"][0]["env"]
    else:
        spec["template"] = template


def _target(name: str, target: Target) -> dict[str, Any]:
    found: dict[str, Any] = {"percent": target.percent, "latestRevision": target.revision is None or target.latest}
    if target.revision is not None:
        found["revisionName"] = f"{name}-{target.revision}"
    return {**found, "tag": target.tag} if target.tag else found


def _end(name: str | None) -> str:
    return (name or "").rpartition("-")[2]
