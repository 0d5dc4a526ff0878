"""The release of one color of an ECS service: checked, and turned into container definitions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.aws.service_limits import LIMITS
from bluegreen.component.base import release_text
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

CONTAINER = "app"
"""The name of the container that a release with a plain image gets."""


class EcsRelease(TypedDict, total=False):
    """A color's release: an image, or container definitions of one's own.

    Attributes:
        image: the container image; with it the other short fields may be given.
        environment: environment variables.
        secrets: environment variables from Secrets Manager or SSM, by ARN; the values are never read here.
        command: the container's command.
        ports: the ports that the container listens on; the service's ``container_port`` when absent.
        containers: container definitions as ECS has them, instead of all of the above.
        existing: a service that runs already and stays as it is, instead of all of the above; see ``ExistingService``.
    """

    image: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, pulumi.Input[str]]
    command: Sequence[pulumi.Input[str]]
    ports: Sequence[int]
    containers: Sequence[Mapping[str, Any]]
    existing: ExistingService


class ExistingService(TypedDict):
    """A color until something is deployed to it: a live service that is adopted.

    Attributes:
        service_arn: the ECS service's.
        target_group_arn: the group that its tasks register in.
        task_definition_arn: the revision that it runs.
        release: what it runs, as people read it.
    """

    service_arn: pulumi.Input[str]
    target_group_arn: pulumi.Input[str]
    task_definition_arn: pulumi.Input[str]
    release: str


def problems_in(color: Color, release: Mapping[str, Any], container_port: int) -> list[Problem]:
    """The problems with a release. Values that only an update knows (outputs) pass."""
    fields = Fields(release, color)
    existing = fields.section("existing", None)
    if existing is not None:
        for name in ExistingService.__annotations__:
            existing.text(name)
        existing.done()
        fields.done()
        return fields.problems
    if "containers" in release:
        ports = _container_ports(fields, release["containers"])
    else:
        fields.text("image", allowed="a container image, such as repository/app:v1")
        fields.mapping("environment")
        fields.mapping("secrets")
        fields.texts("command")
        ports = _plain_ports(fields, container_port)
    fields.done()
    if not fields.problems and ports is not None and container_port not in ports:
        there = ", ".join(map(str, sorted(set(ports)))) or "none has any"
        fields.problems.append(
            Problem("container_port", container_port, f"a port that a container of {color} has: {there}")
        )
    return fields.problems


def _plain_ports(fields: Fields, container_port: int) -> list[int] | None:
    """The ports of the one container; ``None`` while they are not known."""
    ports = fields.raw("ports")
    if ports is None:
        return [container_port]
    if ports is UNKNOWN:
        return None
    if not isinstance(ports, (list, tuple)) or not all(isinstance(port, int) for port in ports):
        fields.problem("ports", ports, "a list of ports, such as [8080]")
        return None
    return list(ports)


def _container_ports(fields: Fields, containers: object) -> list[int] | None:
    """The ports of all containers; ``None`` while they are not known."""
    entries = fields.sections("containers")
    if len(entries) > LIMITS["containers"].most:
        fields.problem("containers", len(entries), f"{LIMITS['containers'].allowed} in a task")
    if not entries and containers is not UNKNOWN:
        fields.problem("containers", containers, "a list of container definitions that is not empty")
    ports, names = [], []
    for entry in entries:
        names.append(entry.text("name"))
        if names[-1] is not UNKNOWN and names[-1] in names[:-1]:
            entry.problem("name", names[-1], "a name that no other container of the task has")
        entry.text("image")
        ports += [mapping.whole("containerPort", least=1, most=65_535) for mapping in entry.sections("portMappings")]
    return None if containers is UNKNOWN or UNKNOWN in ports else ports


def container_for(release: Mapping[str, Any], container_port: int) -> str:
    """The container that the load balancer talks to: the one that has the port."""
    for container in release.get("containers", ()):
        if any(mapping.get("containerPort") == container_port for mapping in container.get("portMappings", ())):
            return str(container["name"])
    return CONTAINER


def container_definitions(
    release: Mapping[str, Any], container_port: int, log_group: str, region: str
) -> list[dict[str, Any]]:
    """Container definitions with logs into ``log_group`` where a container names no log of its own."""
    logs = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": log_group, "awslogs-region": region, "awslogs-stream-prefix": "ecs"},
    }
    if "containers" in release:
        return [{"logConfiguration": logs, **container} for container in release["containers"]]
    definition: dict[str, Any] = {
        "name": CONTAINER,
        "image": release["image"],
        "essential": True,
        "portMappings": [
            {"containerPort": int(port), "protocol": "tcp"} for port in release.get("ports", [container_port])
        ],
        "environment": _pairs(release.get("environment"), "value"),
        "logConfiguration": logs,
    }
    if release.get("secrets"):
        definition["secrets"] = _pairs(release["secrets"], "valueFrom")
    if release.get("command"):
        definition["command"] = list(release["command"])
    return [definition]


def _pairs(pairs: Mapping[str, str] | None, value: str) -> list[dict[str, str]]:
    return [{"name": name, value: item} for name, item in sorted((pairs or {}).items())]


def release_name(release: Mapping[str, Any]) -> str:
    """The release as people read it: its images, and a short digest of its other settings."""
    if "existing" in release:
        return str(release["existing"]["release"])
    if "containers" in release:
        images = " + ".join(str(container["image"]) for container in release["containers"])
        rest: object = release["containers"]
    else:
        images = str(release["image"])
        rest = {key: value for key, value in release.items() if key != "image"}
    return release_text(images, rest)


def secret_arns(releases: Sequence[Mapping[str, Any]]) -> list[str]:
    """The secrets and parameters that the releases refer to, without the key and version that may follow an ARN."""
    references = [reference for release in releases for reference in (release.get("secrets") or {}).values()]
    for release in releases:
        for container in release.get("containers", ()):
            references += [secret["valueFrom"] for secret in container.get("secrets", ())]
    return sorted({":".join(reference.split(":")[:7]) for reference in references})
