"""ECS services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, both, longest, matches, one_of
from localcloud.plugins.aws.model import (
    REGION,
    TAGS,
    UNKNOWN,
    ApiError,
    Change,
    Failure,
    P,
    Props,
    ResourceType,
)
from localcloud.plugins.aws.services import ecs_connect, ecs_strategy
from localcloud.plugins.aws.services.ecs import SERVICE, tags_in, tags_out, update_tags
from localcloud.plugins.aws.services.ecs_refusals import check_service
from localcloud.plugins.aws.services.ecs_steady import MISSING, find_service, wait_for_service
from localcloud.plugins.aws.session import Aws

_STEADY_SECONDS: Final = 1200.0


def _network(props: Props) -> dict[str, Any] | None:
    config = props.get("networkConfiguration")
    if not config:
        return None
    return {
        "awsvpcConfiguration": {
            "subnets": config["subnets"],
            "securityGroups": config.get("securityGroups", []),
            "assignPublicIp": "ENABLED" if config.get("assignPublicIp") else "DISABLED",
        }
    }


def _balancers(props: Props) -> list[dict[str, Any]]:
    return [_balancer(entry) for entry in props.get("loadBalancers", [])]


def _balancer(entry: dict[str, Any]) -> dict[str, Any]:
    names = ("targetGroupArn", "containerName", "containerPort", "advancedConfiguration")
    return {name: entry[name] for name in names if entry.get(name) is not None}


def _deployment(props: Props) -> dict[str, Any]:
    breaker = props.get("deploymentCircuitBreaker") or {"enable": False, "rollback": False}
    alarms = props.get("alarms")
    return {
        "maximumPercent": props["deploymentMaximumPercent"],
        "minimumHealthyPercent": props["deploymentMinimumHealthyPercent"],
        "deploymentCircuitBreaker": breaker,
        **({"alarms": alarms} if alarms else {}),
        **ecs_strategy.written(props.get("deploymentConfiguration") or {}),
    }


def _registries(props: Props) -> list[dict[str, Any]] | None:
    registry = props.get("serviceRegistries")
    return [dict(registry)] if registry else None


def _create(aws: Aws, props: Props) -> str:
    check_service(aws, props)
    answer = aws.call(
        SERVICE,
        "CreateService",
        cluster=props.get("cluster"),
        serviceName=props["name"],
        taskDefinition=props.get("taskDefinition"),
        desiredCount=props.get("desiredCount", 0) if props["schedulingStrategy"] == "REPLICA" else None,
        launchType=props.get("launchType"),
        platformVersion=props.get("platformVersion"),
        schedulingStrategy=props["schedulingStrategy"],
        deploymentConfiguration=_deployment(props),
        deploymentController=props.get("deploymentController"),
        capacityProviderStrategy=props.get("capacityProviderStrategies"),
        availabilityZoneRebalancing=props.get("availabilityZoneRebalancing"),
        loadBalancers=_balancers(props) or None,
        networkConfiguration=_network(props),
        serviceRegistries=_registries(props),
        serviceConnectConfiguration=ecs_connect.written(props.get("serviceConnectConfiguration")),
        healthCheckGracePeriodSeconds=props.get("healthCheckGracePeriodSeconds"),
        enableECSManagedTags=props.get("enableEcsManagedTags", False),
        enableExecuteCommand=props.get("enableExecuteCommand", False),
        propagateTags=props.get("propagateTags"),
        placementConstraints=props.get("placementConstraints"),
        placementStrategy=props.get("orderedPlacementStrategies"),
        tags=tags_in(props),
    )
    return str(answer["service"]["serviceArn"])


def _in_the_form_of(written: str | None, arn: str) -> str:
    """ECS answers ARNs; the real provider keeps a plain name where the program wrote one."""
    return arn if written is None or written.startswith("arn:") else arn.rsplit("/", 1)[-1]


def _read(aws: Aws, arn: str, props: Props) -> Props | None:
    cluster, which = props.get("cluster"), arn
    if not arn.startswith("arn:") and "/" in arn:  # imported as CLUSTER/SERVICE
        cluster, which = arn.split("/", 1)
    service = find_service(aws, cluster, which)
    if service is None or service["status"] != "ACTIVE":
        return None
    deployment = service.get("deploymentConfiguration") or {}
    breaker = deployment.get("deploymentCircuitBreaker")
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    registries = service.get("serviceRegistries") or []
    return {
        "arn": service["serviceArn"],
        "name": service["serviceName"],
        "cluster": _in_the_form_of(props.get("cluster"), service["clusterArn"]),
        "taskDefinition": _in_the_form_of(props.get("taskDefinition"), service["taskDefinition"]),
        "desiredCount": service["desiredCount"],
        "launchType": service.get("launchType"),
        "platformVersion": service.get("platformVersion"),
        "schedulingStrategy": service.get("schedulingStrategy", "REPLICA"),
        "deploymentMaximumPercent": deployment.get("maximumPercent", 200),
        "deploymentMinimumHealthyPercent": deployment.get("minimumHealthyPercent", 100),
        "deploymentCircuitBreaker": {k: breaker.get(k, False) for k in ("enable", "rollback")} if breaker else None,
        "deploymentController": service.get("deploymentController") or {"type": "ECS"},
        "capacityProviderStrategies": service.get("capacityProviderStrategy", []),
        "availabilityZoneRebalancing": service.get("availabilityZoneRebalancing"),
        "deploymentConfiguration": ecs_strategy.read(deployment, props.get("deploymentConfiguration")),
        "alarms": props.get("alarms"),  # the emulator forgets them
        "loadBalancers": service.get("loadBalancers", []),
        "networkConfiguration": _read_network(network) if network else None,
        "serviceRegistries": registries[0] if registries else None,
        "serviceConnectConfiguration": ecs_connect.read(service),
        "healthCheckGracePeriodSeconds": service.get("healthCheckGracePeriodSeconds"),
        "enableEcsManagedTags": service.get("enableECSManagedTags", False),
        "enableExecuteCommand": service.get("enableExecuteCommand", False),
        "propagateTags": service.get("propagateTags"),
        "placementConstraints": service.get("placementConstraints", []),
        "orderedPlacementStrategies": service.get("placementStrategy", []),
        "tags": tags_out(service),
    }


def _read_network(network: dict[str, Any]) -> Props:
    return {
        "subnets": network.get("subnets", []),
        "securityGroups": network.get("securityGroups", []),
        "assignPublicIp": network.get("assignPublicIp") == "ENABLED",
    }


def _update(aws: Aws, arn: str, change: Change) -> None:
    new, changed = change.new, change.changed - {"tags", "waitForSteadyState", "forceDelete"}
    ecs_strategy.refuse(new, changed)
    if changed:
        rollout = (
            "deploymentMaximumPercent",
            "deploymentMinimumHealthyPercent",
            "deploymentCircuitBreaker",
            "deploymentConfiguration",
            "alarms",
        )
        grace, connect = "healthCheckGracePeriodSeconds", "serviceConnectConfiguration"
        written = change.subset(
            "taskDefinition",
            "platformVersion",
            "enableExecuteCommand",
            "availabilityZoneRebalancing",
            "placementConstraints",
        )
        aws.call(
            SERVICE,
            "UpdateService",
            cluster=new.get("cluster"),
            service=arn,
            forceNewDeployment=True if new.get("forceNewDeployment") else None,
            # Only what this program changed: the count may have been moved by autoscaling or by a swap since.
            desiredCount=new.get("desiredCount", 0) if "desiredCount" in changed else None,
            healthCheckGracePeriodSeconds=new.get(grace, 0) if grace in changed else None,
            deploymentConfiguration=_deployment(new) if change.any_of(*rollout) else None,
            networkConfiguration=_network(new) if "networkConfiguration" in changed else None,
            loadBalancers=_balancers(new) if "loadBalancers" in changed else None,
            serviceRegistries=(_registries(new) or []) if "serviceRegistries" in changed else None,
            serviceConnectConfiguration=ecs_connect.written(new.get(connect) or {"enabled": False})
            if connect in changed
            else None,
            capacityProviderStrategy=change.subset("capacityProviderStrategies").get("capacityProviderStrategies"),
            placementStrategy=new.get("orderedPlacementStrategies", [])
            if "orderedPlacementStrategies" in changed
            else None,
            enableECSManagedTags=change.subset("enableEcsManagedTags").get("enableEcsManagedTags"),
            propagateTags=new.get("propagateTags", "NONE") if "propagateTags" in changed else None,
            **written,
        )
    update_tags(aws, arn, change)


def _delete(aws: Aws, arn: str, props: Props) -> None:
    cluster = props.get("cluster")
    service = find_service(aws, cluster, arn)
    if service is None or service["status"] == "INACTIVE":
        return
    force = bool(props.get("forceDelete"))
    if service["status"] != "DRAINING" and service.get("schedulingStrategy") != "DAEMON" and not force:
        aws.call(SERVICE, "UpdateService", cluster=cluster, service=arn, desiredCount=0)

    def delete() -> bool | None:
        try:
            aws.find(SERVICE, "DeleteService", MISSING, cluster=cluster, service=arn, force=force or None)
        except ApiError as error:
            # The real provider tries again on just these: the scale-down above is not done yet.
            if "while deployments are active" in str(error) or "scaled above 0" in str(error):
                return None
            raise
        return True

    def inactive() -> bool | None:
        now = find_service(aws, cluster, arn)
        return True if now is None or now["status"] == "INACTIVE" else None

    aws.wait(f"the deployments of ECS service {arn} to end", delete, _STEADY_SECONDS, 0.5)
    aws.wait(f"ECS service {arn} to drain and become INACTIVE", inactive, _STEADY_SECONDS, 0.5)


def _validate(props: Props) -> Iterator[Failure]:
    if "launchType" in props and props.get("capacityProviderStrategies"):
        yield Failure("capacityProviderStrategies", "cannot be set together with `launchType`")
    controller = props.get("deploymentController")
    kind = controller.get("type") if isinstance(controller, dict) else "ECS"
    if "taskDefinition" not in props and kind not in {"EXTERNAL", UNKNOWN}:
        yield Failure("taskDefinition", f"is required with the deployment controller {kind}")
    balancers = props.get("loadBalancers")
    for index, entry in enumerate(balancers if isinstance(balancers, list) else []):
        if isinstance(entry, dict) and "targetGroupArn" not in entry:
            yield Failure(f"loadBalancers[{index}].targetGroupArn", "missing")


TYPES: Final = [
    ResourceType(
        token="aws:ecs/service:Service",
        props={
            "name": P(force_new=True, check=both(longest(255), matches(r"[0-9A-Za-z_-]+", "letters, digits, _ and -"))),
            "cluster": P(computed=True, force_new=True),
            "taskDefinition": P(),
            "desiredCount": P(check=between(0, 5000)),
            "launchType": P(computed=True, force_new=True, check=one_of("EC2", "FARGATE", "EXTERNAL")),
            "platformVersion": P(computed=True),
            "schedulingStrategy": P(default="REPLICA", force_new=True, check=one_of("REPLICA", "DAEMON")),
            "deploymentMaximumPercent": P(default=200, check=between(0, 2**31 - 1)),
            "deploymentMinimumHealthyPercent": P(default=100, check=between(0, 2**31 - 1)),
            "deploymentCircuitBreaker": P(),
            "deploymentCircuitBreaker.enable": P(),
            "deploymentCircuitBreaker.rollback": P(),
            **ecs_strategy.PROPS,
            "deploymentController": P(computed=True, force_new=True),
            "deploymentController.type": P(
                default="ECS", force_new=True, check=one_of("ECS", "CODE_DEPLOY", "EXTERNAL")
            ),
            "capacityProviderStrategies": P(force_new=True, unordered=True),
            "capacityProviderStrategies[].capacityProvider": P(),
            "capacityProviderStrategies[].base": P(check=between(0, 100000)),
            "capacityProviderStrategies[].weight": P(check=between(0, 1000)),
            "availabilityZoneRebalancing": P(computed=True, check=one_of("ENABLED", "DISABLED")),
            "loadBalancers": P(unordered=True),
            "loadBalancers[].targetGroupArn": P(check=ARN),
            "loadBalancers[].containerName": P(),
            "loadBalancers[].containerPort": P(check=between(0, 65536)),
            "networkConfiguration": P(),
            "networkConfiguration.subnets": P(unordered=True),
            "networkConfiguration.securityGroups": P(unordered=True),
            "networkConfiguration.assignPublicIp": P(default=False),
            "serviceRegistries": P(),
            "serviceRegistries.registryArn": P(check=ARN),
            "serviceRegistries.containerName": P(),
            "serviceRegistries.containerPort": P(check=between(0, 65536)),
            "serviceRegistries.port": P(check=between(0, 65536)),
            **ecs_connect.PROPS,
            "healthCheckGracePeriodSeconds": P(check=between(0, 2**31 - 1)),
            "enableEcsManagedTags": P(),
            "enableExecuteCommand": P(),
            "propagateTags": P(computed=True, check=one_of("SERVICE", "TASK_DEFINITION", "NONE")),
            "placementConstraints": P(unordered=True),
            "placementConstraints[].type": P(check=one_of("distinctInstance", "memberOf")),
            "placementConstraints[].expression": P(),
            "orderedPlacementStrategies": P(),
            "orderedPlacementStrategies[].type": P(check=one_of("random", "spread", "binpack")),
            "orderedPlacementStrategies[].field": P(),
            "forceNewDeployment": P(state_only=True),
            "triggers": P(computed=True, state_only=True),
            "forceDelete": P(state_only=True),
            "waitForSteadyState": P(default=False, state_only=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        wait=wait_for_service,
        validate=_validate,
        name_max=255,
        create_timeout=_STEADY_SECONDS,
    )
]
