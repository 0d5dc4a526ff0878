# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""CodeDeploy applications, deployment groups and deployment configurations, as far as ECS needs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, longest, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "codedeploy"
_NO_APPLICATION: Final = ("ApplicationDoesNotExistException",)
_NO_GROUP: Final = (*_NO_APPLICATION, "DeploymentGroupDoesNotExistException")
_NO_CONFIG: Final = ("DeploymentConfigDoesNotExistException",)
# A role that was made right before is not known everywhere yet: the real provider tries again for a while.
_NO_ROLE_YET: Final = ("InvalidRoleException", "InvalidTriggerConfigException")
_ROLE_SECONDS: Final = 120.0


def _arn(aws: Aws, rest: str) -> str:
    return f"arn:aws:codedeploy:{aws.region}:{aws.caller()['Account']}:{rest}"


def _tags_of(aws: Aws, arn: str) -> dict[str, str]:
    return tag_map(aws.call(SERVICE, "ListTagsForResource", ResourceArn=arn)["Tags"])


def _update_tags(aws: Aws, arn: str, change: Change) -> None:
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        if added:
            aws.call(SERVICE, "TagResource", ResourceArn=arn, Tags=tag_list(added))
        if removed:
            aws.call(SERVICE, "UntagResource", ResourceArn=arn, TagKeys=removed)


# -- applications


def _create_application(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateApplication",
        applicationName=props["name"],
        computePlatform=props["computePlatform"],
        tags=tag_list(props.get("tags")) or None,
    )
    return str(answer["applicationId"])


def _read_application(aws: Aws, application_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "GetApplication", _NO_APPLICATION, applicationName=props["name"])
    if answer is None:
        return None
    application = answer["application"]
    arn = _arn(aws, f"application:{application['applicationName']}")
    return {
        "applicationId": application["applicationId"],
        "arn": arn,
        "computePlatform": application["computePlatform"],
        "githubAccountName": application.get("gitHubAccountName", ""),
        "linkedToGithub": application.get("linkedToGitHub", False),
        "name": application["applicationName"],
        "tags": _tags_of(aws, arn),
    }


def _update_application(aws: Aws, application_id: str, change: Change) -> None:
    if "name" in change.changed:
        names = {"applicationName": change.old["name"], "newApplicationName": change.new["name"]}
        aws.call(SERVICE, "UpdateApplication", **names)
    _update_tags(aws, _arn(aws, f"application:{change.new['name']}"), change)


def _delete_application(aws: Aws, application_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteApplication", _NO_APPLICATION, applicationName=props["name"])


# -- deployment groups


def _group(props: Props) -> dict[str, Any]:
    """The arguments of `CreateDeploymentGroup` and `UpdateDeploymentGroup`; the API has camelCase as Pulumi does."""
    alarms = props.get("alarmConfiguration")
    service, pair = props.get("ecsService"), (props.get("loadBalancerInfo") or {}).get("targetGroupPairInfo")
    return {
        "deploymentConfigName": props["deploymentConfigName"],
        "serviceRoleArn": props["serviceRoleArn"],
        "deploymentStyle": props.get("deploymentStyle"),
        "autoRollbackConfiguration": props.get("autoRollbackConfiguration"),
        "alarmConfiguration": {**alarms, "alarms": [{"name": name} for name in alarms.get("alarms", [])]}
        if alarms
        else None,
        "blueGreenDeploymentConfiguration": props.get("blueGreenDeploymentConfig"),
        "ecsServices": [service] if service else None,
        "loadBalancerInfo": {"targetGroupPairInfoList": [pair]} if pair else None,
    }


def _create_group(aws: Aws, props: Props) -> str:
    def create() -> dict[str, Any]:
        return aws.call(
            SERVICE,
            "CreateDeploymentGroup",
            applicationName=props["appName"],
            deploymentGroupName=props["deploymentGroupName"],
            tags=tag_list(props.get("tags")) or None,
            **_group(props),
        )

    return str(aws.retry(_NO_ROLE_YET, _ROLE_SECONDS, create)["deploymentGroupId"])


def _group_arn(aws: Aws, props: Props) -> str:
    return _arn(aws, f"deploymentgroup:{props['appName']}/{props['deploymentGroupName']}")


def _read_group(aws: Aws, group_id: str, props: Props) -> Props | None:
    names = {"applicationName": props["appName"], "deploymentGroupName": props["deploymentGroupName"]}
    answer = aws.find(SERVICE, "GetDeploymentGroup", _NO_GROUP, **names)
    if answer is None:
        return None
    group = answer["deploymentGroupInfo"]
    alarms = group.get("alarmConfiguration")
    services = group.get("ecsServices") or [None]
    pairs = (group.get("loadBalancerInfo") or {}).get("targetGroupPairInfoList") or [None]
    return {
        "appName": group["applicationName"],
        "arn": _group_arn(aws, props),
        "deploymentGroupName": group["deploymentGroupName"],
        "deploymentGroupId": group["deploymentGroupId"],
        "computePlatform": group.get("computePlatform", "Server"),
        "deploymentConfigName": group["deploymentConfigName"],
        "serviceRoleArn": group["serviceRoleArn"],
        "deploymentStyle": group.get("deploymentStyle"),
        "autoRollbackConfiguration": group.get("autoRollbackConfiguration"),
        "alarmConfiguration": {**alarms, "alarms": [alarm["name"] for alarm in alarms.get("alarms", [])]}
        if alarms
        else None,
        "blueGreenDeploymentConfig": group.get("blueGreenDeploymentConfiguration"),
        "ecsService": services[0],
        "loadBalancerInfo": {"targetGroupPairInfo": pairs[0]} if pairs[0] else None,
        "tags": _tags_of(aws, _group_arn(aws, props)),
    }


def _update_group(aws: Aws, group_id: str, change: Change) -> None:
    old, new = change.old, change.new
    if change.changed - {"tags"}:
        renamed = new["deploymentGroupName"] if "deploymentGroupName" in change.changed else None

        def update() -> dict[str, Any]:
            return aws.call(
                SERVICE,
                "UpdateDeploymentGroup",
                applicationName=old["appName"],
                currentDeploymentGroupName=old["deploymentGroupName"],
                newDeploymentGroupName=renamed,
                **_group(new),
            )

        aws.retry(_NO_ROLE_YET, _ROLE_SECONDS, update)
    _update_tags(aws, _group_arn(aws, new), change)


def _delete_group(aws: Aws, group_id: str, props: Props) -> None:
    names = {"applicationName": props["appName"], "deploymentGroupName": props["deploymentGroupName"]}
    aws.find(SERVICE, "DeleteDeploymentGroup", _NO_GROUP, **names)


def _validate_group(props: Props) -> Iterator[Failure]:
    """CodeDeploy refuses these together; the emulator takes anything."""
    if not isinstance(props.get("ecsService"), dict):
        return
    style = props.get("deploymentStyle")
    if not isinstance(style, dict) or style.get("deploymentType") == "IN_PLACE":
        yield Failure("deploymentStyle", "an ECS deployment group needs BLUE_GREEN, WITH_TRAFFIC_CONTROL")
    if not props.get("loadBalancerInfo"):
        yield Failure("loadBalancerInfo", "an ECS deployment group needs a pair of target groups")
    if not props.get("blueGreenDeploymentConfig"):
        yield Failure("blueGreenDeploymentConfig", "an ECS deployment group needs one")


# -- deployment configurations


def _create_config(aws: Aws, props: Props) -> str:
    routing = props.get("trafficRoutingConfig")
    traffic: dict[str, Any] | None = None
    if routing:
        traffic = {"type": routing["type"]}
        for kind in ("canary", "linear"):
            timing = routing.get(f"timeBased{kind.title()}")
            if timing:
                traffic[f"timeBased{kind.title()}"] = {
                    f"{kind}Percentage": timing.get("percentage"),
                    f"{kind}Interval": timing.get("interval"),
                }
    aws.call(
        SERVICE,
        "CreateDeploymentConfig",
        deploymentConfigName=props["deploymentConfigName"],
        computePlatform=props["computePlatform"],
        trafficRoutingConfig=traffic,
    )
    return str(props["deploymentConfigName"])


def _read_config(aws: Aws, name: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "GetDeploymentConfig", _NO_CONFIG, deploymentConfigName=name)
    if answer is None:
        return None
    config = answer["deploymentConfigInfo"]
    return {
        "arn": _arn(aws, f"deploymentconfig:{name}"),
        "computePlatform": config.get("computePlatform", "Server"),
        "deploymentConfigId": config["deploymentConfigId"],
        "deploymentConfigName": config["deploymentConfigName"],
        "trafficRoutingConfig": props.get("trafficRoutingConfig"),
    }


def _delete_config(aws: Aws, name: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteDeploymentConfig", _NO_CONFIG, deploymentConfigName=name)


_PLATFORM: Final = one_of("Server", "Lambda", "ECS")

TYPES: Final = [
    ResourceType(
        token="aws:codedeploy/application:Application",
        props={
            "name": P(check=longest(100)),
            "computePlatform": P(default="Server", force_new=True, check=_PLATFORM),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_application,
        read=_read_application,
        update=_update_application,
        delete=_delete_application,
        name_max=100,
    ),
    ResourceType(
        token="aws:codedeploy/deploymentGroup:DeploymentGroup",
        props={
            "appName": P(force_new=True, check=longest(100)),
            "deploymentGroupName": P(check=longest(100)),
            "deploymentConfigName": P(default="CodeDeployDefault.OneAtATime", check=longest(100)),
            "serviceRoleArn": P(check=ARN),
            "deploymentStyle": P(),
            "deploymentStyle.deploymentOption": P(check=one_of("WITH_TRAFFIC_CONTROL", "WITHOUT_TRAFFIC_CONTROL")),
            "deploymentStyle.deploymentType": P(check=one_of("IN_PLACE", "BLUE_GREEN")),
            "autoRollbackConfiguration": P(),
            "autoRollbackConfiguration.enabled": P(),
            "autoRollbackConfiguration.events": P(unordered=True),
            "autoRollbackConfiguration.events[]": P(
                check=one_of("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
            ),
            "alarmConfiguration": P(),
            "alarmConfiguration.alarms": P(unordered=True),
            "alarmConfiguration.enabled": P(),
            "alarmConfiguration.ignorePollAlarmFailure": P(default=False),
            "blueGreenDeploymentConfig": P(computed=True),
            "blueGreenDeploymentConfig.deploymentReadyOption": P(),
            "blueGreenDeploymentConfig.deploymentReadyOption.actionOnTimeout": P(
                check=one_of("CONTINUE_DEPLOYMENT", "STOP_DEPLOYMENT")
            ),
            "blueGreenDeploymentConfig.deploymentReadyOption.waitTimeInMinutes": P(),
            "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess": P(),
            "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess.action": P(
                check=one_of("TERMINATE", "KEEP_ALIVE")
            ),
            "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess.terminationWaitTimeInMinutes": P(
                check=between(0, 2880)
            ),
            "ecsService": P(),
            "ecsService.clusterName": P(),
            "ecsService.serviceName": P(),
            "loadBalancerInfo": P(),
            "loadBalancerInfo.targetGroupPairInfo": P(),
            "loadBalancerInfo.targetGroupPairInfo.prodTrafficRoute": P(),
            "loadBalancerInfo.targetGroupPairInfo.prodTrafficRoute.listenerArns": P(unordered=True),
            "loadBalancerInfo.targetGroupPairInfo.testTrafficRoute": P(),
            "loadBalancerInfo.targetGroupPairInfo.testTrafficRoute.listenerArns": P(unordered=True),
            "loadBalancerInfo.targetGroupPairInfo.targetGroups": P(),
            "loadBalancerInfo.targetGroupPairInfo.targetGroups[].name": P(),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_group,
        read=_read_group,
        update=_update_group,
        delete=_delete_group,
        validate=_validate_group,
    ),
    ResourceType(
        token="aws:codedeploy/deploymentConfig:DeploymentConfig",
        props={
            "deploymentConfigName": P(force_new=True, check=longest(100)),
            "computePlatform": P(default="Server", force_new=True, check=_PLATFORM),
            "trafficRoutingConfig": P(force_new=True),
            "trafficRoutingConfig.type": P(check=one_of("AllAtOnce", "TimeBasedCanary", "TimeBasedLinear")),
            "trafficRoutingConfig.timeBasedCanary": P(),
            "trafficRoutingConfig.timeBasedCanary.interval": P(),
            "trafficRoutingConfig.timeBasedCanary.percentage": P(),
            "trafficRoutingConfig.timeBasedLinear": P(),
            "trafficRoutingConfig.timeBasedLinear.interval": P(),
            "trafficRoutingConfig.timeBasedLinear.percentage": P(),
            "region": REGION,
        },
        create=_create_config,
        read=_read_config,
        delete=_delete_config,
        taggable=False,
    ),
]
