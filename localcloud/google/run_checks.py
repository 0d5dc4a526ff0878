"""Refusals of Cloud Run beyond types and names of fields.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localcloud.google.description import load
from localcloud.google.errors import GoogleError

_SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?\Z")
_REVISION = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_TAG = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?\Z")
# https://cloud.google.com/run/docs/configuring/services/labels
_LABEL_KEY, _LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z"), re.compile(r"[a-z0-9_-]{0,63}\Z")
_DURATION = re.compile(r"(\d+)(\.\d{1,9})?s\Z")
_LONGEST_TAGGED_NAME, _LONGEST_SECONDS = 46, 3600


def _refuse(field: str, why: str) -> None:
    raise GoogleError("INVALID_ARGUMENT", f"{field}: {why}")


def check_name(service: str) -> None:
    """Refuse a service's name that is none."""
    if not _SERVICE.match(service):
        _refuse(
            "Violation in CreateServiceRequest.service_id",
            "only lowercase, digits, and hyphens; must begin with letter, and cannot end with hyphen; must be less "
            "than 50 characters.",
        )


def check_mask(paths: list[str]) -> None:
    """Refuse a mask of fields that a service does not have."""
    known = load("run.v2").schemas["GoogleCloudRunV2Service"]["properties"]
    for path in paths:
        if path.partition(".")[0] not in known:
            _refuse("update_mask", f"{path} is no field of a service.")


def check_labels(labels: Mapping[str, str]) -> None:
    """Refuse labels that billing does not take."""
    for key, value in labels.items():
        if not _LABEL_KEY.match(key) or not _LABEL_VALUE.match(value):
            _refuse("labels", f"{key}={value}: only lowercase letters, digits, underscores, and hyphens.")


def check_targets(service: str, targets: list[Mapping[str, Any]]) -> None:
    """Refuse targets that are none by themselves.

    Args:
        service: the short name.
        targets: as they are sent.
    """
    for one in targets:
        if not 0 <= int(one.get("percent") or 0) <= 100:
            _refuse("traffic.percent", f"{one['percent']} is not from 0 to 100.")
        tag = str(one.get("tag") or "")
        if tag and not _TAG.match(tag):
            _refuse("traffic.tag", f"traffic tag '{tag}': only lowercase, digits, and hyphens; must begin with letter.")
        if tag and len(tag) + len(service) > _LONGEST_TAGGED_NAME:
            _refuse(
                "spec.traffic.tag",
                f"traffic tag '{tag}' and service name '{service}' together are too long. Combined traffic tag and "
                f"service name cannot exceed {_LONGEST_TAGGED_NAME} characters.",
            )


def check_template(template: Mapping[str, Any]) -> None:
    """Refuse a template that no revision can be made of."""
    containers = template.get("containers") or ()
    if not containers:
        _refuse("template.containers", "a container is required.")
    for container in containers:
        if not container.get("image"):
            _refuse("template.containers.image", "an image is required.")
        if len(container.get("ports") or ()) > 1:
            _refuse("template.containers.ports", "only one port may be given.")
        if not all(one.get("name") for one in container.get("env") or ()):
            _refuse("template.containers.env.name", "a name is required.")
    # https://cloud.google.com/run/docs/deploying#sidecars: the ingress container alone has a port.
    if len(containers) > 1 and sum(bool(one.get("ports")) for one in containers) != 1:
        _refuse("template.containers", "Revision template must contain exactly one container with an exposed port.")
    name, timeout = str(template.get("revision") or ""), str(template.get("timeout") or "300s")
    if name and not _REVISION.match(name):
        _refuse("template.revision", f"{name}: only lowercase, digits, and hyphens; must be less than 64 characters.")
    duration = _DURATION.match(timeout)
    if duration is None or int(duration[1]) > _LONGEST_SECONDS:
        _refuse("template.timeout", f"{timeout} is no duration of at most {_LONGEST_SECONDS}s.")
    scaling = template.get("scaling") or {}
    least, most = int(scaling.get("minInstanceCount") or 0), int(scaling.get("maxInstanceCount") or 0)
    if most and least > most:
        _refuse("template.scaling", f"minInstanceCount {least} is more than maxInstanceCount {most}.")
