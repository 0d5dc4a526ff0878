"""Calls of Google's stand-in."""

from __future__ import annotations

from typing import Any

from localcloud.google.bare import PROJECT, REGION, BareGoogle
from localcloud.google.run import LATEST, REVISION
from tests.localcloud.witness.cases import Delete, Seen, Step, Target, Write

_NAME = "web"
_PARENT = f"projects/{PROJECT}/locations/{REGION}"
_PATH = f"/v2/{_PARENT}/services/{_NAME}"


def seen(steps: tuple[Step, ...]) -> list[Seen]:
    """The state after each step."""
    google = BareGoogle(images=frozenset({"app:v1"}))
    found, etags = [], [""]
    for step in steps:
        refused = not _take(google, step, etags)
        google.settle()
        found.append(_look(google, refused=refused))
    return found


def _take(google: BareGoogle, step: Step, etags: list[str]) -> bool:
    if isinstance(step, Delete):
        return google.ask("DELETE", f"{_PATH}/revisions/{_NAME}-{step.revision}")[0] == 200
    status, there = google.ask("GET", _PATH)
    body: dict[str, Any] = {}
    if step.revision is not None:
        body["template"] = {"revision": f"{_NAME}-{step.revision}", "containers": [_container(step)]}
    if step.traffic is not None:
        body["traffic"] = [_target(one) for one in step.traffic]
    if status == 404:
        return google.ask("POST", f"/v2/{_PARENT}/services", {"serviceId": _NAME}, body)[0] == 200
    mask = ",".join(sorted(body))
    etag = etags[-1] if step.stale else there["etag"]
    etags.append(there["etag"])
    return google.ask("PATCH", _PATH, {"updateMask": mask}, {**body, "etag": etag})[0] == 200


def _container(step: Write) -> dict[str, Any]:
    release = "again" if step.anew else "first"
    return {"image": "app:v9" if step.fails else "app:v1", "env": [{"name": "RELEASE", "value": release}]}


def _target(target: Target) -> dict[str, Any]:
    found: dict[str, Any] = {"percent": target.percent, "type": LATEST}
    if target.revision is not None:
        found |= {"type": LATEST if target.latest else REVISION, "revision": f"{_NAME}-{target.revision}"}
    return {**found, "tag": target.tag} if target.tag else found


def _look(google: BareGoogle, *, refused: bool) -> Seen:
    service = google.ask("GET", _PATH)[1]
    latest = _end(service.get("latestReadyRevision"))
    followed = [
        (_end(one.get("revision")) or latest, int(one.get("percent") or 0), one.get("tag", ""), not one.get("revision"))
        for one in service.get("trafficStatuses", ())
    ]
    listed = google.ask("GET", f"{_PATH}/revisions")[1]["revisions"]
    return Seen(
        refused=refused,
        ready=service["terminalCondition"]["state"] == "CONDITION_SUCCEEDED",
        created=_end(service.get("latestCreatedRevision")),
        latest=latest,
        followed=tuple(sorted(followed)),
        revisions=tuple(sorted(_end(one["name"]) for one in listed)),
    )


def _end(name: object) -> str:
    return str(name or "").rpartition("-")[2]
