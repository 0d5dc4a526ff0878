"""The release of one color of a service on Kubernetes: checked, and turned into a container. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.component.base import release_text
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

if TYPE_CHECKING:
    from typing_extensions import NotRequired

CONTAINER = "app"
"""The container's name, for what overrides or adds to it."""
CONFIG_DIGEST = "bluegreen/config"
"""An annotation of the pods: other settings in a color's ConfigMap make other pods."""
_CONFIG_VOLUME = "config"
_LABEL = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z")


class KubernetesRelease(TypedDict, total=False):
    """A color's release: an image and its settings, or a workload that is there already.

    Attributes:
        image: the container image.
        command: the container's command, instead of the image's own entry point.
        args: its arguments.
        env: environment variables.
        config: settings in a ConfigMap of the color's own: environment variables, or files with ``config_path``.
        config_path: a folder in the container in which each entry of ``config`` is a file.
        secrets: names of Secrets whose entries become environment variables; the values are never read here.
        labels: what selects the color's pods, instead of ``app.kubernetes.io/name`` and ``bluegreen/color``; the other
            color's pods must not have all of them. A workload's selector cannot be changed afterwards.
        existing: a workload that runs already and stays as it is, instead of all of the above; see
            ``ExistingWorkload``.
    """

    image: pulumi.Input[str]
    command: Sequence[str]
    args: Sequence[str]
    env: Mapping[str, Any]
    config: Mapping[str, Any]
    config_path: str
    secrets: Sequence[str]
    labels: Mapping[str, str]
    existing: ExistingWorkload


class ExistingWorkload(TypedDict):
    """A color until something is deployed to it: a live workload that is adopted.

    Attributes:
        workload: the name of the Deployment or StatefulSet.
        labels: what selects its pods alone.
        release: what it runs, as people read it.
        autoscaler: the name of its HorizontalPodAutoscaler, where it has one.
    """

    workload: pulumi.Input[str]
    labels: Mapping[str, pulumi.Input[str]]
    release: str
    autoscaler: NotRequired[pulumi.Input[str]]


def problems_in(color: Color, release: Mapping[str, Any]) -> list[Problem]:
    """The problems with a release. Values that only an update knows (outputs) pass."""
    fields = Fields(release, color)
    existing = fields.section("existing", None)
    if existing is not None:
        existing.text("workload")
        existing.text("release")
        existing.text("autoscaler", None)
        check_labels(existing, "labels")
        existing.done()
        fields.done()
        return fields.problems
    fields.text("image", allowed="a container image, such as repository/app:v1")
    for name in ("env", "config"):
        fields.mapping(name)
    for name in ("command", "args", "secrets"):
        fields.texts(name)
    if "labels" in release:
        check_labels(fields, "labels")
    path = fields.text("config_path", None)
    if isinstance(path, str) and not path.startswith("/"):
        fields.problem("config_path", path, "a path from the root, such as /etc/app")
    if path is not None and not release.get("config"):
        fields.problem("config_path", path, "none, where there is no config")
    fields.done()
    return fields.problems


def check_labels(fields: Fields, name: str) -> None:
    """Labels that select pods: one at least, each a valid one."""
    labels = fields.raw(name)
    if labels is UNKNOWN:
        return
    if not isinstance(labels, Mapping) or not labels:
        fields.problem(name, labels, "one label at least, such as {'app': 'web'}")
        return
    for key, value in labels.items():
        if not isinstance(key, str) or not _LABEL.match(key):
            fields.problem(name, key, "names of labels, such as app.kubernetes.io/name")
        elif value is not UNKNOWN and not (isinstance(value, str) and (not value or _LABEL.match(value))):
            fields.problem(f"{name}.{key}", value, "a label's value: letters, digits, '-', '_', '.'")


def container(release: Mapping[str, Any], config_name: str) -> dict[str, Any]:
    """The release's part of its container; ``config_name`` is the color's ConfigMap."""
    sources = [{"secretRef": {"name": name}} for name in release.get("secrets") or ()]
    manifest: dict[str, Any] = {"name": CONTAINER, "image": release["image"]}
    if release.get("config") and not release.get("config_path"):
        sources.insert(0, {"configMapRef": {"name": config_name}})
    if release.get("config_path"):
        manifest["volumeMounts"] = [{"name": _CONFIG_VOLUME, "mountPath": release["config_path"], "readOnly": True}]
    for key in ("command", "args"):
        if release.get(key):
            manifest[key] = list(release[key])
    if release.get("env"):
        manifest["env"] = [{"name": name, "value": value} for name, value in sorted(release["env"].items())]
    if sources:
        manifest["envFrom"] = sources
    return manifest


def volumes(release: Mapping[str, Any], config_name: str) -> list[dict[str, Any]]:
    """The pod's volumes that the release needs."""
    return [{"name": _CONFIG_VOLUME, "configMap": {"name": config_name}}] if release.get("config_path") else []


def config_digest(config: Mapping[str, Any]) -> str:
    """The digest of the settings."""
    return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()[:16]


def release_name(release: Mapping[str, Any]) -> str:
    """The release as people read it: its image, and a short digest of its other settings."""
    if "existing" in release:
        return str(release["existing"]["release"])
    rest = {key: value for key, value in release.items() if key not in ("image", "labels") and value}
    return release_text(str(release["image"]), rest)
