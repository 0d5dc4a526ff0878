"""A container app's traffic rules: what they say of two revisions, and what they have to say. Pure.

Rules of other revisions, labels, and whatever else a rule has that is not known here stay as they were read.

https://learn.microsoft.com/azure/container-apps/traffic-splitting
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

App = Mapping[str, Any]
Rule = dict[str, Any]


def properties_of(app: App) -> Mapping[str, Any]:
    """The app's own part of what Azure tells of it."""
    found: Mapping[str, Any] = app.get("properties") or {}
    return found


def unfit(app: App) -> str:
    """Why an app's traffic cannot be moved between revisions; empty if it can."""
    configuration = properties_of(app).get("configuration") or {}
    if str(configuration.get("activeRevisionsMode") or "Single").lower() != "multiple":
        return "it is in single revision mode: set activeRevisionsMode to Multiple (revision mode: multiple)"
    if not configuration.get("ingress"):
        return "it has no ingress: no request reaches it from outside"
    return ""


def rules_of(app: App) -> list[Rule]:
    """The rules; none at all means that everything goes to the latest revision, which is said here."""
    ingress = (properties_of(app).get("configuration") or {}).get("ingress") or {}
    found: list[Rule] = ingress.get("traffic") or [{"latestRevision": True, "weight": 100}]
    return found


def is_busy(app: App) -> bool:
    """Whether Azure is at work on the app."""
    return str(properties_of(app).get("provisioningState") or "").lower() in ("inprogress", "deleting")


def weights_of(app: App, revisions: Mapping[Color, str]) -> Weights:
    """The percent of requests that reach each color's revision, by its name or as the latest one."""
    latest = str(properties_of(app).get("latestReadyRevisionName") or "")
    found: dict[str, int] = {}
    for rule in rules_of(app):
        name = latest if rule.get("latestRevision") else str(rule.get("revisionName") or "")
        found[name] = found.get(name, 0) + int(rule.get("weight") or 0)
    return Weights(*(min(found.get(revisions[color], 0), 100) for color in COLORS))


def pinned(app: App) -> bool:
    """Whether no request goes to whatever revision is the latest."""
    return not any(rule.get("latestRevision") and rule.get("weight") for rule in rules_of(app))


def with_latest_named(app: App) -> list[Rule]:
    """The rules with what the latest revision gets given to that one by its name, so that no other one gets it."""
    latest = str(properties_of(app).get("latestReadyRevisionName") or "")
    if not latest:
        return copy.deepcopy(rules_of(app))
    found: list[Rule] = []
    for rule in copy.deepcopy(rules_of(app)):
        if not rule.pop("latestRevision", False):
            found.append(rule)
            continue
        there = next((one for one in found if one.get("revisionName") == latest), None)
        if there is None or rule.get("label"):
            found.append({**rule, "revisionName": latest})
        else:
            there["weight"] = int(there.get("weight") or 0) + int(rule.get("weight") or 0)
    return found


def with_labels(rules: list[Rule], revisions: Mapping[Color, str], colors: Collection[Color]) -> list[Rule]:
    """The rules with the own label of these colors on their revisions, and on no other one."""
    found = [
        {key: value for key, value in rule.items() if key != "label"} if _is_misled(rule, revisions, colors) else rule
        for rule in copy.deepcopy(rules)
    ]
    found = [rule for rule in found if rule.get("weight") or rule.get("label")]
    for color in colors:
        own = [rule for rule in found if rule.get("revisionName") == revisions[color]]
        if any(rule.get("label") == color for rule in own):
            continue
        free = next((rule for rule in own if not rule.get("label")), None)
        if free is None:
            found.append({"revisionName": revisions[color], "weight": 0, "label": color})
        else:
            free["label"] = color
    return found


def _is_misled(rule: Rule, revisions: Mapping[Color, str], colors: Collection[Color]) -> bool:
    return rule.get("label") in colors and rule.get("revisionName") != revisions[rule["label"]]


def is_labeled(app: App, revisions: Mapping[Color, str], color: Color) -> bool:
    """Whether a color's label leads to its revision."""
    return any(rule.get("label") == color and rule.get("revisionName") == revisions[color] for rule in rules_of(app))


def with_weights(app: App, revisions: Mapping[Color, str], weights: Weights) -> list[Rule]:
    """The rules that send requests as wanted, each revision by its name; 0 is no rule, but for its label's sake."""
    names = {revisions[color]: weights.of(color) for color in COLORS}
    kept: list[Rule] = []
    for rule in rules_of(app):
        name = rule.get("revisionName")
        if name in names:
            continue
        if rule.get("label") or not rule.get("weight"):
            kept.append({**copy.deepcopy(rule), "weight": 0})
    for name, weight in names.items():
        own = [copy.deepcopy(rule) for rule in rules_of(app) if rule.get("revisionName") == name]
        labelled = [rule for rule in own if rule.get("label")]
        first, *rest = labelled or own[:1] or [{"revisionName": name}]
        if weight or labelled:
            kept.append({**first, "weight": weight})
            kept += [{**rule, "weight": 0} for rule in rest]
    return kept


def tags_of(app: App) -> dict[str, str]:
    """The app's tags."""
    return dict(app.get("tags") or {})


def readiness_of(revision: App | None, name: str) -> Readiness:
    """A revision's health as Azure tells it.

    One without replicas is as ready as its last start was: it is started again by the first request.
    """
    if revision is None:
        return Readiness(False, 0, 1, f"revision {name} does not exist", fatal=True)
    told = properties_of(revision)
    replicas = int(told.get("replicas") or 0)
    expected = max(replicas, 1)
    state, health = str(told.get("provisioningState") or ""), str(told.get("healthState") or "")
    if state.lower() == "failed":
        why = told.get("provisioningError") or "its provisioning failed"
        return Readiness(False, 0, expected, f"revision {name}: {why}", fatal=True)
    if not told.get("active"):
        return Readiness(False, 0, expected, f"revision {name} is not active")
    if state.lower() != "provisioned":
        return Readiness(False, 0, expected, f"revision {name}: {state or 'unknown'}")
    if health.lower() == "unhealthy":
        return Readiness(False, 0, expected, f"revision {name} is unhealthy: {told.get('runningState')}")
    return Readiness(True, expected, expected)
