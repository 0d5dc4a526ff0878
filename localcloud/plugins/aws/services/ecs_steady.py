"""Finding an ECS service, and waiting until it is active or steady."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.model import Props, ProviderError
from localcloud.plugins.aws.services.ecs import SERVICE
from localcloud.plugins.aws.session import Aws

MISSING: Final = ("ServiceNotFoundException", "ClusterNotFoundException")


def find_service(aws: Aws, cluster: str | None, which: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeServices", MISSING, cluster=cluster, services=[which], include=["TAGS"])
    services: list[dict[str, Any]] = (answer or {}).get("services", [])
    return services[0] if services else None


def wait_for_service(aws: Aws, arn: str, props: Props, timeout: float) -> None:
    """Until the service is ACTIVE, and with `waitForSteadyState` until its deployment is done."""
    steady = bool(props.get("waitForSteadyState"))
    seen: dict[str, Any] = {}

    def ready() -> bool | None:
        service = find_service(aws, props.get("cluster"), arn) or {}
        seen.update(service)
        if service.get("status") != "ACTIVE":
            return None
        return True if not steady or _is_steady(aws, service) else None

    try:
        aws.wait(f"ECS service {props['name']} to be {'steady' if steady else 'ACTIVE'}", ready, timeout, 0.5)
    except ProviderError as error:
        running = f"{seen.get('runningCount')} of {seen.get('desiredCount')} tasks run"
        told = [event["message"] for event in seen.get("events", [])[:2]] + _stopped(aws, seen)
        raise ProviderError(f"{error} ({running}; {'; '.join(told) or 'no events'})") from None


def _is_steady(aws: Aws, service: dict[str, Any]) -> bool:
    """Whether ECS ends the deployment: all wanted tasks run, of the new release alone, healthy behind the balancer.

    AWS says so itself by dropping the old deployment; the emulator keeps it, and its counts within a deployment are not
    to be used, so that the tasks and the targets are read.
    """
    for deployment in service.get("deployments", []):
        if deployment.get("status") == "PRIMARY" and deployment.get("rolloutState") == "FAILED":
            raise ProviderError(f"deployment failed: {deployment.get('rolloutStateReason')}")
    wanted = service["desiredCount"]
    if service["runningCount"] != wanted or service.get("pendingCount"):
        return False
    if len(service.get("deployments", [])) > 1 and any(
        task["taskDefinitionArn"] != service["taskDefinition"] for task in _tasks(aws, service, "RUNNING")
    ):
        return False
    groups = [entry["targetGroupArn"] for entry in service.get("loadBalancers", []) if entry.get("targetGroupArn")]
    return all(_healthy(aws, group) >= wanted for group in groups)


def _healthy(aws: Aws, group: str) -> int:
    targets = aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"]
    return sum(entry["TargetHealth"]["State"] == "healthy" for entry in targets)


def _tasks(aws: Aws, service: dict[str, Any], status: str) -> list[dict[str, Any]]:
    cluster = service["clusterArn"]
    which = {"cluster": cluster, "serviceName": service["serviceName"], "desiredStatus": status}
    arns = (aws.find(SERVICE, "ListTasks", MISSING, **which) or {}).get("taskArns", [])
    tasks = aws.call(SERVICE, "DescribeTasks", cluster=cluster, tasks=arns[-100:])["tasks"] if arns else []
    return list(tasks)


def _stopped(aws: Aws, service: dict[str, Any]) -> list[str]:
    """Why the service's last task stopped."""
    tasks = _tasks(aws, service, "STOPPED") if service else []
    return [f"a task stopped: {str(task.get('stoppedReason')).strip()}" for task in tasks[-1:]]
