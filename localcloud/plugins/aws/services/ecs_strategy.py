"""ECS services whose traffic AWS shifts: deployment strategies, and what CodeDeploy's services refuse."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, one_of
from localcloud.plugins.aws.model import ApiError, P, Props

# ECS' own words: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
_CODEDEPLOYS_OWN: Final = {
    "taskDefinition": "task definition",
    "loadBalancers": "load balancers",
    "networkConfiguration": "network parameters",
    "platformVersion": "platform version",
}


def refuse(props: Props, changed: Collection[str]) -> None:
    """A service that CodeDeploy deploys takes these from a deployment alone."""
    if (props.get("deploymentController") or {}).get("type") != "CODE_DEPLOY":
        return
    for name, words in _CODEDEPLOYS_OWN.items():
        if name in changed:
            message = (
                f"Unable to update {words} on services with a CODE_DEPLOY deployment controller. "
                "Use AWS CodeDeploy to trigger a new deployment."
            )
            raise ApiError("ecs", "UpdateService", "InvalidParameterException", message)


def written(given: Props) -> dict[str, Any]:
    """The deployment configuration as the API takes it: minutes are texts in the provider's schema."""
    configuration: dict[str, Any] = {}
    if given.get("strategy"):
        configuration["strategy"] = given["strategy"]
    if given.get("bakeTimeInMinutes") is not None:
        configuration["bakeTimeInMinutes"] = int(given["bakeTimeInMinutes"])
    for name, minutes in (
        ("canaryConfiguration", "canaryBakeTimeInMinutes"),
        ("linearConfiguration", "stepBakeTimeInMinutes"),
    ):
        if given.get(name):
            configuration[name] = {
                **given[name],
                **({minutes: int(given[name][minutes])} if minutes in given[name] else {}),
            }
    if given.get("lifecycleHooks"):
        configuration["lifecycleHooks"] = given["lifecycleHooks"]
    return configuration


def read(answered: dict[str, Any], given: Props | None) -> Props | None:
    """The provider's form of it; the emulator keeps none of it, and then what the program wrote stands."""
    if "strategy" not in answered or given is None:
        return given
    minutes = answered.get("bakeTimeInMinutes")
    return {**given, "strategy": answered["strategy"], "bakeTimeInMinutes": None if minutes is None else str(minutes)}


PROPS: Final = {
    "alarms": P(),
    "alarms.alarmNames": P(unordered=True),
    "alarms.enable": P(),
    "alarms.rollback": P(),
    "deploymentConfiguration": P(computed=True),
    "deploymentConfiguration.strategy": P(check=one_of("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")),
    "deploymentConfiguration.bakeTimeInMinutes": P(),
    "deploymentConfiguration.canaryConfiguration": P(),
    "deploymentConfiguration.canaryConfiguration.canaryPercent": P(check=between(0, 100)),
    "deploymentConfiguration.canaryConfiguration.canaryBakeTimeInMinutes": P(),
    "deploymentConfiguration.linearConfiguration": P(),
    "deploymentConfiguration.linearConfiguration.stepPercent": P(check=between(3, 100)),
    "deploymentConfiguration.linearConfiguration.stepBakeTimeInMinutes": P(),
    "deploymentConfiguration.lifecycleHooks": P(unordered=True),
    "deploymentConfiguration.lifecycleHooks[].hookTargetArn": P(check=ARN),
    "deploymentConfiguration.lifecycleHooks[].roleArn": P(check=ARN),
    "deploymentConfiguration.lifecycleHooks[].lifecycleStages": P(),
    "deploymentConfiguration.lifecycleHooks[].hookDetails": P(),
    "loadBalancers[].advancedConfiguration": P(),
    "loadBalancers[].advancedConfiguration.alternateTargetGroupArn": P(check=ARN),
    "loadBalancers[].advancedConfiguration.productionListenerRule": P(check=ARN),
    "loadBalancers[].advancedConfiguration.testListenerRule": P(check=ARN),
    "loadBalancers[].advancedConfiguration.roleArn": P(check=ARN),
}
