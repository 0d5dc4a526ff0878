# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""ECS clusters and task definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, both, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.ecs_refusals import check_fargate_size
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "ecs"
_BUSY: Final = (
    "ClusterContainsContainerInstancesException",
    "ClusterContainsServicesException",
    "ClusterContainsTasksException",
    "UpdateInProgressException",
)
_NAME: Final = both(longest(255), matches(r"[0-9A-Za-z_-]+", "letters, digits, hyphens and underscores"))


def tags_in(props: Props) -> list[dict[str, str]] | None:
    return tag_list(props.get("tags"), "key", "value") or None


def tags_out(answer: dict[str, Any]) -> dict[str, str]:
    return tag_map(answer.get("tags"), "key", "value")


def update_tags(aws: Aws, arn: str, change: Change) -> None:
    if "tags" not in change.changed:
        return
    added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
    if added:
        aws.call(SERVICE, "TagResource", resourceArn=arn, tags=tag_list(added, "key", "value"))
    if removed:
        aws.call(SERVICE, "UntagResource", resourceArn=arn, tagKeys=removed)


def find_cluster(aws: Aws, name: str) -> dict[str, Any] | None:
    answer = aws.call(SERVICE, "DescribeClusters", clusters=[name], include=["TAGS", "SETTINGS", "CONFIGURATIONS"])
    clusters: list[dict[str, Any]] = answer["clusters"]
    return clusters[0] if clusters and clusters[0]["status"] != "INACTIVE" else None


def _create_cluster(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE, "CreateCluster", clusterName=props["name"], settings=props.get("settings"), tags=tags_in(props)
    )
    return str(answer["cluster"]["clusterArn"])


def _read_cluster(aws: Aws, arn: str, props: Props) -> Props | None:
    cluster = find_cluster(aws, arn)
    if cluster is None:
        return None
    # The emulator forgets the API's default setting.
    settings = cluster.get("settings") or [{"name": "containerInsights", "value": "disabled"}]
    return {
        "arn": cluster["clusterArn"],
        "name": cluster["clusterName"],
        "settings": settings,
        "tags": tags_out(cluster),
    }


def _update_cluster(aws: Aws, arn: str, change: Change) -> None:
    if "settings" in change.changed:
        aws.call(SERVICE, "UpdateClusterSettings", cluster=arn, settings=change.new["settings"])
    update_tags(aws, arn, change)


def _wait_cluster(aws: Aws, arn: str, props: Props, timeout: float) -> None:
    def active() -> bool | None:
        cluster = find_cluster(aws, arn)
        return True if cluster is not None and cluster["status"] == "ACTIVE" else None

    aws.wait(f"ECS cluster {props['name']} to become ACTIVE", active, timeout)


def _delete_cluster(aws: Aws, arn: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteCluster", ("ClusterNotFoundException",), cluster=arn)

    aws.retry(_BUSY, 600, act)

    def gone() -> bool | None:
        return True if find_cluster(aws, arn) is None else None

    aws.wait(f"ECS cluster {arn} to be deleted", gone, 600)


# Task definitions: their API writes camelCase as Pulumi does, so that most properties pass unchanged.
_PASSED: Final = (
    "family",
    "cpu",
    "memory",
    "networkMode",
    "ipcMode",
    "pidMode",
    "taskRoleArn",
    "executionRoleArn",
    "requiresCompatibilities",
    "runtimePlatform",
    "placementConstraints",
    "enableFaultInjection",
)


_EFS: Final = "efsVolumeConfiguration"


def _volume(volume: Props) -> dict[str, Any]:
    efs = {name: value for name, value in (volume.get(_EFS) or {}).items() if not name.startswith("__")}
    if authorization := efs.get("authorizationConfig"):
        efs["authorizationConfig"] = {k: v for k, v in authorization.items() if not k.startswith("__")}
    return {
        "name": volume["name"],
        **({"host": {"sourcePath": volume["hostPath"]}} if volume.get("hostPath") else {}),
        **({_EFS: efs} if efs else {}),
    }


def _create_definition(aws: Aws, props: Props) -> str:
    check_fargate_size(props)
    volumes = [_volume(volume) for volume in props.get("volumes", [])]
    storage = props.get("ephemeralStorage")
    aws_answer = aws.call(
        SERVICE,
        "RegisterTaskDefinition",
        containerDefinitions=json.loads(props["containerDefinitions"]),
        volumes=volumes or None,
        ephemeralStorage={"sizeInGiB": storage["sizeInGib"]} if storage else None,
        tags=tags_in(props),
        **{name: props.get(name) for name in _PASSED},
    )
    # Between here and the read that follows the ARN says which revision is meant.
    props["arn"] = aws_answer["taskDefinition"]["taskDefinitionArn"]
    return str(props["family"])


def _read_definition(aws: Aws, family: str, props: Props) -> Props | None:
    which = family if props.get("trackLatest") or "arn" not in props else props["arn"]
    missing = ("ClientException", "InvalidParameterException")
    answer = aws.find(SERVICE, "DescribeTaskDefinition", missing, taskDefinition=which, include=["TAGS"])
    if answer is None or answer["taskDefinition"].get("status") == "INACTIVE":
        return None
    definition = answer["taskDefinition"]
    volumes = [
        {"name": volume["name"], "hostPath": (volume.get("host") or {}).get("sourcePath"), _EFS: volume.get(_EFS)}
        for volume in definition.get("volumes", [])
    ]
    storage = definition.get("ephemeralStorage")
    return {
        **{name: definition.get(name) for name in _PASSED},
        "arn": definition["taskDefinitionArn"],
        "arnWithoutRevision": definition["taskDefinitionArn"].rsplit(":", 1)[0],
        "containerDefinitions": json.dumps(definition["containerDefinitions"], sort_keys=True),
        "ephemeralStorage": {"sizeInGib": storage["sizeInGiB"]} if storage else None,
        "revision": definition["revision"],
        "tags": tags_out(answer),
        "volumes": volumes,
    }


def _update_definition(aws: Aws, family: str, change: Change) -> None:
    update_tags(aws, change.old["arn"], change)


def _delete_definition(aws: Aws, family: str, props: Props) -> None:
    if not props.get("skipDestroy"):
        missing = ("ClientException", "InvalidParameterException")
        aws.find(SERVICE, "DeregisterTaskDefinition", missing, taskDefinition=props["arn"])


def same_definitions(one: Any, other: Any) -> bool:
    """Whether two texts define the same containers: the API fills in defaults, and the order of variables is free."""
    try:
        return bool(_normal(json.loads(one)) == _normal(json.loads(other)))
    except (TypeError, ValueError, AttributeError):
        return bool(one == other)


def _normal(definitions: Any) -> Any:
    return [_normal_container(container) for container in definitions]


def _normal_container(container: dict[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in container.items() if value not in (None, [], {}, "")}
    if result.get("cpu") == 0:
        del result["cpu"]
    result["essential"] = container.get("essential", True)
    for key, name in (("environment", "name"), ("secrets", "name"), ("ulimits", "name")):
        if key in result:
            result[key] = sorted(result[key], key=lambda one: str(one.get(name)))
    if "portMappings" in result:
        result["portMappings"] = [_normal_mapping(mapping) for mapping in result["portMappings"]]
    if "healthCheck" in result:
        result["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **result["healthCheck"]}
    return result


def _normal_mapping(mapping: dict[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in mapping.items() if value not in (None, "")}
    if result.get("hostPort") in (0, result.get("containerPort")):
        result.pop("hostPort", None)
    result.setdefault("protocol", "tcp")
    return result


def _check_definitions(value: Any) -> str | None:
    try:
        decoded = json.loads(value)
    except ValueError as error:
        return f"is not valid JSON: {error}"
    if not isinstance(decoded, list) or not all(isinstance(one, dict) for one in decoded):
        return "must be a JSON list of container definitions (objects)"
    return None


def _validate_definition(props: Props) -> Iterator[Failure]:
    needs = props.get("requiresCompatibilities")
    if isinstance(needs, list) and "FARGATE" in needs:
        if props.get("networkMode") != "awsvpc" and isinstance(props.get("networkMode", ""), str):
            yield Failure("networkMode", "Fargate needs 'awsvpc'")
        for name in ("cpu", "memory"):
            if name not in props:
                yield Failure(name, "must be specified for a Fargate task")


TYPES: Final = [
    ResourceType(
        token="aws:ecs/cluster:Cluster",
        props={
            "name": P(force_new=True, check=_NAME),
            "settings": P(computed=True, unordered=True),
            "settings[].name": P(check=one_of("containerInsights")),
            "settings[].value": P(check=one_of("enabled", "disabled", "enhanced")),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_cluster,
        read=_read_cluster,
        update=_update_cluster,
        delete=_delete_cluster,
        wait=_wait_cluster,
        name_max=255,
    ),
    ResourceType(
        token="aws:ecs/taskDefinition:TaskDefinition",
        props={
            "family": P(force_new=True, check=_NAME),
            "containerDefinitions": P(force_new=True, same=same_definitions, check=_check_definitions),
            "cpu": P(force_new=True),
            "memory": P(force_new=True),
            "networkMode": P(computed=True, force_new=True, check=one_of("awsvpc", "bridge", "host", "none")),
            "ipcMode": P(force_new=True, check=one_of("host", "none", "task")),
            "pidMode": P(force_new=True, check=one_of("host", "task")),
            "taskRoleArn": P(force_new=True, check=ARN),
            "executionRoleArn": P(force_new=True, check=ARN),
            "requiresCompatibilities": P(force_new=True, unordered=True),
            "requiresCompatibilities[]": P(check=one_of("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")),
            "runtimePlatform": P(force_new=True),
            "runtimePlatform.cpuArchitecture": P(check=one_of("X86_64", "ARM64")),
            "runtimePlatform.operatingSystemFamily": P(),
            "placementConstraints": P(force_new=True, unordered=True),
            "placementConstraints[].type": P(check=one_of("memberOf")),
            "placementConstraints[].expression": P(),
            "ephemeralStorage": P(force_new=True),
            "ephemeralStorage.sizeInGib": P(check=between(21, 200)),
            "enableFaultInjection": P(computed=True, force_new=True),
            "volumes": P(force_new=True, unordered=True),
            "volumes[].name": P(),
            "volumes[].hostPath": P(),
            f"volumes[].{_EFS}": P(),
            f"volumes[].{_EFS}.fileSystemId": P(),
            f"volumes[].{_EFS}.rootDirectory": P(computed=True),
            f"volumes[].{_EFS}.transitEncryption": P(check=one_of("ENABLED", "DISABLED")),
            f"volumes[].{_EFS}.transitEncryptionPort": P(check=between(0, 65535)),
            f"volumes[].{_EFS}.authorizationConfig": P(),
            f"volumes[].{_EFS}.authorizationConfig.accessPointId": P(),
            f"volumes[].{_EFS}.authorizationConfig.iam": P(check=one_of("ENABLED", "DISABLED")),
            "skipDestroy": P(default=False, state_only=True),
            "trackLatest": P(default=False, state_only=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_definition,
        read=_read_definition,
        update=_update_definition,
        delete=_delete_definition,
        validate=_validate_definition,
    ),
]
