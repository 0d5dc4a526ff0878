"""The release of one color of an ECS service: checked, and turned into container definitions. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
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
_REVISION = re.compile(r"arn:[\w-]+:ecs:[\w-]+:\d*:task-definition/[\w-]+:\d+\Z")
# What the short fields of a release say of its container.
_SAID = {"name": "none: it is called app", "image": "none: image says it", "command": "none: command says it"} | {
    name: f"none: {name} says it" for name in ("environment", "secrets")
}


class EcsRelease(TypedDict, total=False):
    """A color's release: an image, or container definitions of your own.

    Attributes:
        image: the container image; with it the other short fields may be given.
        environment: environment variables.
        secrets: environment variables from Secrets Manager or SSM, by ARN; the values are never read here.
        command: the container's command.
        ports: the ports that the container listens on; the service's ``container_port`` when absent.
        container: more of that container's definition as ECS has it: ``mountPoints``, ``healthCheck``, ``dependsOn``,
            ``logConfiguration``, ``stopTimeout``, ``portMappings`` with names in the place of ``ports``.
        sidecars: definitions of containers beside it, as ECS has them.
        containers: container definitions as ECS has them, instead of all of the above.
        task_definition_arn: a revision of a task definition that was made elsewhere, by a build say, instead of all of
            the above: ``arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION``.
        container_name: with ``task_definition_arn``: the container that has the service's ``container_port``, default
            ``app``.
        existing: a service that runs already and stays as it is, instead of all of the above; see ``ExistingService``.
    """

    image: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, pulumi.Input[str]]
    command: Sequence[pulumi.Input[str]]
    ports: Sequence[int]
    container: Mapping[str, Any]
    sidecars: Sequence[Mapping[str, Any]]
    containers: Sequence[Mapping[str, Any]]
    task_definition_arn: pulumi.Input[str]
    container_name: str
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


def is_made_elsewhere(release: Mapping[str, Any]) -> bool:
    """Whether a release names the task definition that it is, so that none is made."""
    return release.get("task_definition_arn") is not None


def problems_in(
    color: Color,
    release: Mapping[str, Any],
    container_port: int,
    volumes: Collection[str] | None = None,
    *,
    more_ports: Sequence[int] = (),
) -> list[Problem]:
    """The problems with a release. Values that only an update knows (outputs) pass.

    Args:
        color: whose.
        release: as the user gave it.
        container_port: the port that requests are sent to.
        volumes: the names of the task's volumes; ``None``: not known.
        more_ports: ports that entries send requests to, beside that one.
    """
    fields = Fields(release, color)
    existing = fields.section("existing", None)
    if existing is not None:
        for name in ExistingService.__annotations__:
            existing.text(name)
        existing.done()
        fields.done()
        return fields.problems
    if is_made_elsewhere(release):
        _check_revision(fields)
        fields.done()
        return fields.problems
    if "containers" in release:
        ports = _container_ports(fields, fields.sections("containers"), release["containers"])
    else:
        fields.text("image", allowed="a container image, such as repository/app:v1")
        fields.mapping("environment")
        fields.mapping("secrets")
        fields.texts("command")
        ports = _plain_ports(fields, container_port)
    fields.done()
    fields.problems.extend(_problems_between(color, release, volumes))
    if not fields.problems and ports is not None:
        there = ", ".join(map(str, sorted(set(ports)))) or "none has any"
        wanted = {"container_port": [container_port], "entries.unit_port": more_ports}
        fields.problems.extend(
            Problem(name, port, f"a port that a container of {color} has: {there}")
            for name, numbers in wanted.items()
            for port in numbers
            if port not in ports
        )
    return fields.problems


def _check_revision(fields: Fields) -> None:
    """A task definition that was made elsewhere: with its revision, since a family alone is another one tomorrow."""
    arn = fields.text("task_definition_arn")
    if isinstance(arn, str) and not _REVISION.match(arn):
        allowed = "the ARN of one revision: arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION"
        fields.problem("task_definition_arn", arn, allowed)
    fields.text("container_name", CONTAINER)


def _problems_between(color: Color, release: Mapping[str, Any], volumes: Collection[str] | None) -> Iterator[Problem]:
    """The problems with references of a task's containers to each other, and to the task's volumes."""
    containers = [(path, one) for path, one in _definitions_in(color, release) if isinstance(one, Mapping)]
    names = [one.get("name") for _, one in containers]
    is_router = any(one.get("firelensConfiguration") for _, one in containers)
    for path, container in containers:
        for index, needed in enumerate(_objects(container.get("dependsOn"))):
            name = needed.get("containerName")
            if isinstance(name, str) and (name not in names or name == container.get("name")):
                there = ", ".join(str(one) for one in names if one != container.get("name")) or "there is none"
                yield Problem(f"{path}.dependsOn[{index}].containerName", name, f"another container: {there}")
        for index, mount in enumerate(_objects(container.get("mountPoints"))):
            volume = mount.get("sourceVolume")
            if isinstance(volume, str) and volumes is not None and volume not in volumes:
                allowed = f"a volume of task_args.volumes: {', '.join(sorted(volumes)) or 'there is none'}"
                yield Problem(f"{path}.mountPoints[{index}].sourceVolume", volume, allowed)
        logs = container.get("logConfiguration")
        if isinstance(logs, Mapping) and logs.get("logDriver") == "awsfirelens" and not is_router:
            allowed = "another driver, or a sidecar with a firelensConfiguration, which takes these logs"
            yield Problem(f"{path}.logConfiguration.logDriver", "awsfirelens", allowed)


def _definitions_in(color: Color, release: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every container definition of a release with its path; of the one with a plain image what is said of it."""
    if "containers" not in release:
        more = release.get("container")
        yield f"{color}.container", {**(more if isinstance(more, Mapping) else {}), "name": CONTAINER}
    key = "containers" if "containers" in release else "sidecars"
    for index, one in enumerate(_objects(release.get(key))):
        yield f"{color}.{key}[{index}]", one


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []


def _plain_ports(fields: Fields, container_port: int) -> list[int] | None:
    """The ports of the one container and of its sidecars; ``None`` while they are not known."""
    own = _own_ports(fields, container_port)
    sidecars = fields.raw("sidecars")
    beside = _container_ports(fields, fields.sections("sidecars"), sidecars) if sidecars is not None else []
    return None if own is None or beside is None else own + beside


def _own_ports(fields: Fields, container_port: int) -> list[int] | None:
    mapped = _check_container(fields)
    ports = fields.raw("ports")
    if mapped is not None:
        if ports is not None:
            fields.problem("ports", ports, "none, where container.portMappings are given")
        return None if UNKNOWN in mapped else [int(port) for port in mapped]
    if ports is None:
        return [container_port]
    if ports is UNKNOWN:
        return None
    if not isinstance(ports, (list, tuple)) or not all(isinstance(port, int) for port in ports):
        fields.problem("ports", ports, "a list of ports, such as [8080]")
        return None
    return list(ports)


def _check_container(fields: Fields) -> list[Any] | None:
    """The ports that ``container`` maps; ``None`` where it maps none itself."""
    container = fields.section("container", None)
    if container is None or container.unknown:
        return None
    for name, allowed in _SAID.items():
        if container.raw(name) is not None:
            container.problem(name, "<given>", allowed)
    if container.raw("portMappings") is None:
        return None
    return [one.whole("containerPort", least=1, most=65_535) for one in container.sections("portMappings")]


def _container_ports(fields: Fields, entries: Sequence[Fields], containers: object) -> list[int] | None:
    """The ports of all containers of a list; ``None`` while they are not known."""
    key = "sidecars" if fields.raw("containers") is None else "containers"
    most = LIMITS["containers"].most - (1 if key == "sidecars" else 0)
    if len(entries) > most:
        fields.problem(key, len(entries), f"{LIMITS['containers'].allowed} in a task")
    if not entries and key == "containers" and containers is not UNKNOWN:
        fields.problem("containers", containers, "a list of container definitions that is not empty")
    ports: list[Any] = []
    names: list[Any] = [CONTAINER] if key == "sidecars" else []
    for entry in entries:
        names.append(entry.text("name"))
        if names[-1] is not UNKNOWN and names[-1] in names[:-1]:
            entry.problem("name", names[-1], "a name that no other container of the task has")
        entry.text("image")
        ports += [mapping.whole("containerPort", least=1, most=65_535) for mapping in entry.sections("portMappings")]
    return None if containers is UNKNOWN or UNKNOWN in ports else ports


def container_for(release: Mapping[str, Any], container_port: int) -> str:
    """The container that the load balancer talks to: the one that has the port."""
    if is_made_elsewhere(release):
        return str(release.get("container_name") or CONTAINER)
    for container in (*release.get("containers", ()), *(release.get("sidecars") or ())):
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
    sidecars = [{"logConfiguration": logs, **sidecar} for sidecar in release.get("sidecars") or ()]
    return [{**definition, **(release.get("container") or {})}, *sidecars]


def _pairs(pairs: Mapping[str, str] | None, value: str) -> list[dict[str, str]]:
    return [{"name": name, value: item} for name, item in sorted((pairs or {}).items())]


def release_name(release: Mapping[str, Any]) -> str:
    """The release as people read it: its images, and a short digest of its other settings."""
    if "existing" in release:
        return str(release["existing"]["release"])
    if is_made_elsewhere(release):
        return str(release["task_definition_arn"]).rpartition("/")[2]
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
        for container in (*release.get("containers", ()), *(release.get("sidecars") or ()), release.get("container")):
            references += _references_of(container or {})
    return sorted({":".join(reference.split(":")[:7]) for reference in references})


def _references_of(container: Mapping[str, Any]) -> Iterator[str]:
    """The references from which a container's environment, logs and registry's credentials are read."""
    logs = container.get("logConfiguration") or {}
    for secret in (*container.get("secrets", ()), *logs.get("secretOptions", ())):
        yield secret["valueFrom"]
    credentials = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
    if credentials:
        yield credentials


def has_secrets(release: Mapping[str, Any]) -> bool:
    """Whether a release may refer to secrets; what they are only an update may know."""
    return any(release.get(key) for key in ("secrets", "containers", "sidecars", "container"))
