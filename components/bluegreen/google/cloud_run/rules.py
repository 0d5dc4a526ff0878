"""A Cloud Run service's traffic and annotations: what they say of two revisions, and what they have to say. Pure.

Targets of other revisions, tags, and whatever else a target has that is not known here stay as they were read.

https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

Service = Mapping[str, Any]
Target = dict[str, Any]
LATEST, REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
LONGEST_TAGGED_NAME = 46
"""Of a service's name and a tag together, in characters: both are in the name of the tag's host."""
OWNER, MARK_PREFIX = "bluegreen/owner", "bluegreen/mark."
NOTE_PREFIX = "bluegreen/revision."
"""Of annotations that say which revision a release is, where Google gives revisions their names."""
_FAILED, _SUCCEEDED = "CONDITION_FAILED", "CONDITION_SUCCEEDED"


# -- annotations


def annotations_of(service: Service) -> dict[str, str]:
    """The service's annotations."""
    return dict(service.get("annotations") or {})


def marks_in(annotations: Mapping[str, str]) -> dict[str, str]:
    """The marks among them."""
    return {
        name.removeprefix(MARK_PREFIX): value for name, value in annotations.items() if name.startswith(MARK_PREFIX)
    }


def with_marks(annotations: Mapping[str, str], owner: str, changes: Mapping[str, str | None]) -> dict[str, str]:
    """The annotations with the owner and with changes of marks; ``None`` removes one."""
    found = {**annotations, OWNER: owner}
    for name, value in changes.items():
        if value is None:
            found.pop(MARK_PREFIX + name, None)
        else:
            found[MARK_PREFIX + name] = value
    return found


def without_ours(annotations: Mapping[str, str]) -> dict[str, str]:
    """The annotations without what a swap has set."""
    return {
        name: value
        for name, value in annotations.items()
        if name != OWNER and not name.startswith((MARK_PREFIX, NOTE_PREFIX))
    }


# -- traffic


def last_part(name: object) -> str:
    """``web-00007`` of a revision's full name and of its short one."""
    return str(name or "").rpartition("/")[2]


def targets_of(service: Service) -> list[Target]:
    """The targets; none at all means that everything goes to the latest ready revision, which is said here."""
    found: list[Target] = service.get("traffic") or [{"type": LATEST, "percent": 100}]
    return found


def is_busy(service: Service) -> bool:
    """Whether Google is at work on the service."""
    return bool(service.get("reconciling"))


def is_latest(target: Mapping[str, Any]) -> bool:
    """Whether a target follows the latest ready revision: one without a revision does."""
    return not target.get("revision")


def revision_of(target: Mapping[str, Any], service: Service) -> str:
    """The short name of the revision that a target leads to."""
    return last_part(service.get("latestReadyRevision") if is_latest(target) else target.get("revision"))


def weights_of(targets: list[Target], service: Service, revisions: Mapping[Color, str]) -> Weights:
    """The percent of requests that targets send to each color's revision, by its name or as the latest one."""
    found: dict[str, int] = {}
    for target in targets:
        name = revision_of(target, service)
        found[name] = found.get(name, 0) + int(target.get("percent") or 0)
    return Weights(*(min(found.get(revisions[color], 0), 100) for color in COLORS))


def statuses_of(service: Service) -> list[Target]:
    """The targets as requests follow them now."""
    found: list[Target] = service.get("trafficStatuses") or []
    return found


def pinned(service: Service) -> bool:
    """Whether no request goes to whatever revision is the latest."""
    return not any(is_latest(target) and target.get("percent") for target in targets_of(service))


def with_latest_named(service: Service) -> list[Target]:
    """The targets with what the latest revision gets given to that one by its name, so that no other one gets it."""
    latest = last_part(service.get("latestReadyRevision"))
    found: list[Target] = []
    for target in copy.deepcopy(targets_of(service)):
        if not (latest and is_latest(target) and target.get("percent")):
            found.append(target)
            continue
        if target.get("tag"):  # it continues to lead to whatever is the latest one
            found.append({**target, "percent": 0})
        found.append({**_without_tag(target), "type": REVISION, "revision": latest})
    return _joined(found)


def _without_tag(target: Target) -> Target:
    return {key: value for key, value in target.items() if key != "tag"}


def _joined(targets: list[Target]) -> list[Target]:
    """One target a revision: Google takes no two without a tag."""
    found: list[Target] = []
    for target in targets:
        same = next(
            (one for one in found if not target.get("tag") and one.get("revision") == target.get("revision")), None
        )
        if same is None:
            found.append(target)
        else:
            same["percent"] = int(same.get("percent") or 0) + int(target.get("percent") or 0)
    return found


def with_weights(
    service: Service, revisions: Mapping[Color, str], weights: Weights, tags: Mapping[Color, str]
) -> list[Target]:
    """The targets that send requests as wanted, each revision by its name; 0 is no target, but for its tag's sake.

    Args:
        service: as it was read.
        revisions: the short name of each color's revision.
        weights: what is wanted.
        tags: the tag at which each color can be looked at; empty: none is set.
    """
    names = {revisions[color]: color for color in COLORS}
    taken = set(tags.values())
    kept: list[Target] = []
    for target in targets_of(service):
        if not is_latest(target) and last_part(target["revision"]) in names:
            continue
        if target.get("tag") and target["tag"] not in taken:
            kept.append({**copy.deepcopy(target), "percent": 0})
    for name, color in names.items():
        own = [one for one in targets_of(service) if not is_latest(one) and last_part(one["revision"]) == name]
        foreign = [one for one in own if one.get("tag") and one["tag"] not in taken]
        first = copy.deepcopy(next((one for one in own if one not in foreign), {}))
        first |= {"type": REVISION, "revision": name, "percent": weights.of(color)}
        if color in tags:
            first["tag"] = tags[color]
        if weights.of(color) or first.get("tag"):
            kept.append(first)
        kept += [{**copy.deepcopy(one), "percent": 0} for one in foreign]
    return kept


def with_tagged(targets: list[Target], revision: str, tag: str) -> list[Target]:
    """The targets with a tag that leads to a revision at 0 %, wherever it led before."""
    found: list[Target] = []
    for target in copy.deepcopy(targets):
        if target.get("tag") == tag and last_part(target.get("revision")) != revision:
            del target["tag"]
            if not target.get("percent"):
                continue
        found.append(target)
    if not any(target.get("tag") == tag for target in found):
        found.append({"type": REVISION, "revision": revision, "percent": 0, "tag": tag})
    return _joined(found)


def is_tagged(service: Service, revision: str, tag: str | None) -> bool:
    """Whether a tag leads to a revision; without a tag nothing has to."""
    return tag is None or any(
        one.get("tag") == tag and last_part(one.get("revision")) == revision for one in targets_of(service)
    )


def uri_of_tag(service: Service, tag: str) -> str:
    """Where a tag's revision answers by itself; empty while it does not."""
    return next((str(one.get("uri") or "") for one in statuses_of(service) if one.get("tag") == tag), "")


# -- health


def readiness_of(revision: Mapping[str, Any] | None, name: str) -> Readiness:
    """A revision's health as Google tells it; one without instances is started by its first request."""
    if revision is None:
        return Readiness(False, 0, 1, f"revision {name} does not exist", fatal=True)
    ready: Mapping[str, Any] = next((one for one in revision.get("conditions") or () if one.get("type") == "Ready"), {})
    if ready.get("state") == _SUCCEEDED:
        return Readiness(True, 1, 1)
    said = str(ready.get("message") or ready.get("revisionReason") or ready.get("state") or "is not ready yet")
    return Readiness(False, 0, 1, f"revision {name}: {said}", fatal=ready.get("state") == _FAILED)


def failure_of(service: Service) -> str:
    """Why Google gave up on the service's last change; empty where it did not."""
    condition = service.get("terminalCondition") or {}
    if condition.get("state") != _FAILED or is_busy(service):
        return ""
    return str(condition.get("message") or condition.get("reason") or "it did not become ready")
