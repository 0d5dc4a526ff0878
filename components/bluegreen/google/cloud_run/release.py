"""The release of one color of a Cloud Run service: checked, and turned into a template as Google has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.cloud_run.shared_settings import changed, check_instances, check_variables
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Required

CONTAINER = "app"
"""The name of the container that takes the requests."""
_CPU, _MEMORY = "1", "512Mi"
# Of a template what Google's description says to be of one of these kinds; a name that is not here is sent as it is.
_OBJECTS, _LISTS, _TEXTS_BY_NAME = (
    ("nodeSelector", "scaling", "vpcAccess"), ("containers", "volumes"), ("annotations", "labels"),
)  # fmt: skip
_TEXTS = ("encryptionKey", "executionEnvironment", "serviceAccount", "timeout")


class RunSettings(TypedDict, total=False):
    """A release's settings beside its image.

    Attributes:
        command: the container's command, instead of the image's own entry point.
        args: its arguments.
        env: environment variables. What is secret stands in ``secret_env``.
        secret_env: environment variables whose values are secrets of Secret Manager: a variable's name with
            ``SECRET:VERSION``, as ``gcloud run deploy --set-secrets`` has it. An instance keeps the value that
            ``latest`` had when it started: a version by its number is the same for all.
        cpu: of one instance, default ``"1"``.
        memory: of one instance, default ``512Mi``.
        min_instances: how many are kept while the revision has requests (0 to 1000, default 0: the first request waits
            for one to start).
        max_instances: how many there are at most (1 to 1000; Google's own limit by default).
        concurrency: how many requests an instance takes at a time (1 to 1000; Google's own default, 80).
        timeout_seconds: how long a request may take (1 to 3600; Google's own default, 300).
        service_account: the email address of who the revision runs as; the project's default one if absent.
        health_path: what an instance answers with a success once it can take requests (a startup probe); without it an
            open port is enough.
        template: what else a revision has, by Google's own names: ``vpcAccess``, ``volumes``, ``executionEnvironment``,
            more ``containers``.
        release: what people call it, default the image's name and tag.
    """

    command: Sequence[str]
    args: Sequence[str]
    env: Mapping[str, Any]
    secret_env: Mapping[str, str]
    cpu: str
    memory: str
    min_instances: int
    max_instances: int
    concurrency: int
    timeout_seconds: int
    service_account: pulumi.Input[str]
    health_path: str
    template: Mapping[str, Any]
    release: str


class CloudRunRelease(RunSettings, total=False):
    """A color's release: ``RunSettings`` with an image.

    Attributes:
        image: the container image; required.
    """

    image: Required[pulumi.Input[str]]


def template_of(given: Mapping[str, Any], port: int) -> dict[str, Any]:
    """A revision's template.

    Args:
        given: a release; its values may be outputs.
        port: that the container listens on.
    """
    more: dict[str, Any] = dict(given.get("template") or {})
    env: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in (given.get("env") or {}).items()]
    env += [
        {"name": name, "valueSource": {"secretKeyRef": changed(secret, _reference)}}
        for name, secret in (given.get("secret_env") or {}).items()
    ]
    seconds = given.get("timeout_seconds")
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": given.get("image"),
        "ports": [{"containerPort": port}],
        "resources": {"limits": {"cpu": given.get("cpu", _CPU), "memory": given.get("memory", _MEMORY)}},
    }
    container |= {key: list(given[key]) for key in ("command", "args") if given.get(key)}
    if env:
        container["env"] = sorted(env, key=lambda one: str(one["name"]))
    if given.get("health_path"):
        container["startupProbe"] = {"httpGet": {"path": given["health_path"], "port": port}}
    instances = {"minInstanceCount": "min_instances", "maxInstanceCount": "max_instances"}
    scaling = {wire: given[name] for wire, name in instances.items() if given.get(name)}
    scaling |= more.get("scaling") or {}
    settings = {
        "maxInstanceRequestConcurrency": given.get("concurrency"),
        "timeout": changed(seconds, _duration) if seconds else None,
        "serviceAccount": given.get("service_account"),
        "scaling": scaling or None,
    }
    return {
        **more,
        **{name: value for name, value in settings.items() if value is not None},
        "containers": [container, *(more.get("containers") or ())],
    }


def _duration(seconds: Any) -> str:
    return f"{int(seconds)}s"


def _reference(secret: Any) -> dict[str, str]:
    name, _, version = str(secret).rpartition(":")
    return {"secret": name, "version": version}


def problems_in(given: Mapping[str, Any], color: Color) -> list[Problem]:
    """Everything that is wrong with a release, as far as it is known.

    Args:
        given: the release, ``UNKNOWN`` where only an update knows.
        color: whose.
    """
    fields = Fields(given, color)
    for name in ("command", "args"):
        fields.texts(name)
    fields.text("image")
    for name in ("cpu", "memory", "release", "health_path", "service_account"):
        fields.text(name, None)
    check_instances(fields)
    check_variables(fields)
    more = fields.raw("template")
    if more is not None and more is not UNKNOWN and not isinstance(more, Mapping):
        fields.problem("template", more, "an object by Google's own names")
    if isinstance(more, Mapping):
        found = Fields(more, f"{color}.template", fields.problems)
        for name in _OBJECTS:
            found.section(name, None)
        for name in _LISTS:
            found.sections(name)
        for name in _TEXTS:
            found.text(name, None)
        for name in _TEXTS_BY_NAME:
            found.mapping(name)
    fields.done()
    return fields.problems


def label_of(given: Mapping[str, Any]) -> Any:
    """A release's name for people: the image, unless it has one of its own."""
    return given.get("release") or given.get("image")


# -- as a program declares it

_OF_A_CONTAINER = {"command": "commands", "dependsOn": "dependsOns", "env": "envs"}


def as_declared(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template by the names that ``pulumi_gcp`` has for it: lists in the plural, and a container's one port alone."""
    containers = [_container_as_declared(one) for one in template["containers"]]
    return {**template, "containers": containers}


def _container_as_declared(container: Mapping[str, Any]) -> dict[str, Any]:
    found = {_OF_A_CONTAINER.get(name, name): value for name, value in container.items()}
    ports = found.get("ports")
    if isinstance(ports, Sequence) and not isinstance(ports, str):
        found["ports"] = ports[0] if ports else None
    return found
