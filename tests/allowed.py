"""Whether the printed policy allows what is called: every call of every test, by action and by resource.

Which action a call is and on what IAM judges it: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import FrameType
from typing import Any
from urllib.parse import quote

from bluegreen import permissions
from bluegreen.permissions import declared, policy_document

Asked = tuple[str, str]
"""An action, and the ARN of what it is on; ``*`` where the action knows no resources."""

ACCOUNT = "123456789012"
# Actions that name no resource, whatever they are about.
_NO_RESOURCE = (
    *("elasticloadbalancing:Describe", "autoscaling:Describe", "application-autoscaling:Describe"),
    *("cloudwatch:GetMetricData", "codedeploy:ContinueDeployment", "codedeploy:StopDeployment"),
    *("codedeploy:GetDeploymentTarget", "codedeploy:GetDeploymentConfig"),
)


def allows(policy: Mapping[str, Any], action: str, resource: str) -> bool:
    """Whether a policy lets somebody do something: a denial counts more than what is allowed.

    Conditions are not judged, so that a policy with one is refused here: the printed ones have none.
    """
    effects = set()
    for statement in policy["Statement"]:
        assert not set(statement) - {"Effect", "Action", "Resource"}, f"cannot judge {sorted(statement)}"
        if _any(statement["Action"], action, re.IGNORECASE) and _any(statement["Resource"], resource):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


def _any(patterns: str | Iterable[str], value: str, flags: int = 0) -> bool:
    several = [patterns] if isinstance(patterns, str) else patterns
    return any(re.fullmatch(_regex(pattern), value, flags) for pattern in several)


@cache
def _regex(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


def asked_by(service: str, call: str, given: Mapping[str, Any], region: str) -> Iterator[Asked]:
    """The questions to IAM for a call, and for the actions that the call implies.

    Args:
        service: as boto3 calls it.
        call: the operation.
        given: its parameters.
        region: where it is made.
    """
    prefix = _PREFIXES.get(service, service)
    if service in ("apigateway", "apigatewayv2"):
        yield _api_gateway(service, call, given, region)
        return
    action = _ACTIONS.get(f"{prefix}:{call}", f"{prefix}:{call}")
    if action.startswith(_NO_RESOURCE):
        yield action, "*"
        return
    for resource in _RESOURCES[service](call, given, f"{region}:{ACCOUNT}"):
        yield action, resource
    yield from _brought_along(service, call, given, f"{region}:{ACCOUNT}")


_PREFIXES = {"elbv2": "elasticloadbalancing"}
_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
"""Of operations whose action has another name (Service Authorization Reference, "AWS Lambda")."""


def _brought_along(service: str, call: str, given: Mapping[str, Any], place: str) -> Iterator[Asked]:
    if call == "CreateRule" and given.get("Tags"):
        yield "elasticloadbalancing:AddTags", given["ListenerArn"].replace(":listener/", ":listener-rule/") + "/new"
    for action in [*given.get("Actions", ()), *given.get("DefaultActions", ())] if service == "elbv2" else ():
        if "AuthenticateCognitoConfig" in action:
            yield "cognito-idp:DescribeUserPoolClient", action["AuthenticateCognitoConfig"]["UserPoolArn"]
    if service == "application-autoscaling" and call == "RegisterScalableTarget":
        role = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling"
        yield "iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role/{role}_ECSService"
        if given.get("Tags"):
            yield "application-autoscaling:TagResource", f"arn:aws:application-autoscaling:{place}:scalable-target/new"
    if call == "UpdateTagsForResource" and service == "elasticbeanstalk":
        for action, key in (("AddTags", "TagsToAdd"), ("RemoveTags", "TagsToRemove")):
            if given.get(key):
                yield f"elasticbeanstalk:{action}", given["ResourceArn"]
    if call == "CreateDeployment" and service == "codedeploy":
        config = given.get("deploymentConfigName", "CodeDeployDefault.ECSAllAtOnce")
        yield "codedeploy:GetDeploymentConfig", f"arn:aws:codedeploy:{place}:deploymentconfig:{config}"
        for action in ("RegisterApplicationRevision", "GetApplicationRevision"):
            yield f"codedeploy:{action}", f"arn:aws:codedeploy:{place}:application:{given['applicationName']}"


def _balancing(call: str, given: Mapping[str, Any], place: str) -> list[str]:
    if call == "SetRulePriorities":
        return [one["RuleArn"] for one in given["RulePriorities"]]
    if call in ("AddTags", "RemoveTags"):
        return list(given["ResourceArns"])
    return [given["ListenerArn"] if call in ("CreateRule", "ModifyListener") else given["RuleArn"]]


def _route53(call: str, given: Mapping[str, Any], place: str) -> list[str]:
    kind = {"GetChange": "change", "GetHealthCheckStatus": "healthcheck"}.get(call, "hostedzone")
    zone = given.get("HostedZoneId") or given.get("Id") or given.get("HealthCheckId")
    return [f"arn:aws:route53:::{kind}/{str(zone).rpartition('/')[2]}"]


def _lambda(call: str, given: Mapping[str, Any], place: str) -> list[str]:
    named = given.get("FunctionName") or given["Resource"]
    arn = named if named.startswith("arn:") else f"arn:aws:lambda:{place}:function:{named}"
    return [arn + (f":{given['Qualifier']}" if "Qualifier" in given else "")]


def _ecs(call: str, given: Mapping[str, Any], place: str) -> list[str]:
    cluster = str(given.get("cluster", "default")).rpartition("/")[2]
    if call == "ListTasks":
        return [f"arn:aws:ecs:{place}:container-instance/{cluster}/*"]
    kind = "task" if call == "DescribeTasks" else "service"
    arns = given.get("serviceDeploymentArns") or given.get("serviceRevisionArns") or given.get("serviceDeploymentArn")
    if arns:
        return [arns] if isinstance(arns, str) else list(arns)
    named = given.get("services") or given.get("tasks") or [given["service"]]
    return [one if one.startswith("arn:") else f"arn:aws:ecs:{place}:{kind}/{cluster}/{one}" for one in named]


def _groups(call: str, given: Mapping[str, Any], place: str) -> list[str]:
    tags = given.get("Tags", ())
    named = [given["AutoScalingGroupName"]] if "AutoScalingGroupName" in given else [tag["ResourceId"] for tag in tags]
    return [f"arn:aws:autoscaling:{place}:autoScalingGroup:00000000:autoScalingGroupName/{name}" for name in named]


def _codedeploy(call: str, given: Mapping[str, Any], place: str) -> list[str]:
    # A deployment is judged by its group, which a call with its id does not name.
    group = f"{given.get('applicationName', 'app')}/{given.get('deploymentGroupName', 'group')}"
    return [f"arn:aws:codedeploy:{place}:deploymentgroup:{group}"]


_RESOURCES: dict[str, Callable[[str, Mapping[str, Any], str], list[str]]] = {
    "elbv2": _balancing,
    "route53": _route53,
    "lambda": _lambda,
    "ecs": _ecs,
    "autoscaling": _groups,
    "codedeploy": _codedeploy,
    "application-autoscaling": lambda call, given, place: [
        given.get("ResourceARN") or f"arn:aws:application-autoscaling:{place}:scalable-target/0000"
    ],
    "cloudwatch": lambda call, given, place: [
        f"arn:aws:cloudwatch:{place}:alarm:{name}" for name in given.get("AlarmNames") or [given.get("AlarmName", "*")]
    ],
    "elasticbeanstalk": lambda call, given, place: [
        given.get("ResourceArn") or f"arn:aws:elasticbeanstalk:{place}:environment/shop/{name}"
        for name in given.get("EnvironmentNames") or [given.get("SourceEnvironmentName", "")]
    ],
    "secretsmanager": lambda call, given, place: [
        given["SecretId"]
        if given["SecretId"].startswith("arn:")
        else f"arn:aws:secretsmanager:{place}:secret:{given['SecretId']}-x"
    ],
    "servicediscovery": lambda call, given, place: [f"arn:aws:servicediscovery:{place}:service/{given['ServiceId']}"],
}


def _api_gateway(service: str, call: str, given: Mapping[str, Any], region: str) -> Asked:
    """The method is the action, and the path the resource."""
    arn = given.get("resourceArn") or given.get("ResourceArn")
    later = service == "apigatewayv2"
    api = given.get("ApiId") or given.get("restApiId")
    if arn is not None:
        method = {"TagResource": "POST" if later else "PUT", "UntagResource": "DELETE"}.get(call, "GET")
        return f"apigateway:{method}", f"arn:aws:apigateway:{region}::/tags/{quote(arn, safe='')}"
    path = f"/{'apis' if later else 'restapis'}/{api}"
    if "deploymentId" in given and call == "GetDeployment":
        path += f"/deployments/{given['deploymentId']}"
    else:
        path += f"/stages/{given.get('StageName') or given.get('stageName')}"
    return f"apigateway:{'PATCH' if call == 'UpdateStage' else 'GET'}", f"arn:aws:apigateway:{region}::{path}"


class Judge:
    """The calls that are not in the policy of the kind that has made them.

    Attributes:
        denied: a line for each of them.
        judged: which kinds have called what.
    """

    def __init__(self) -> None:
        self.denied: list[str] = []
        self.judged: set[tuple[str, Asked]] = set()

    def watch(self, client: Any) -> Any:
        """A client whose calls are judged."""
        service, region = client.meta.service_model.service_name, client.meta.region_name
        client.meta.events.register(
            "provide-client-params",
            lambda params, model, **_: self._judge(asked_by(service, model.name, params, region)),
        )
        return client

    def _judge(self, asked: Iterable[Asked]) -> None:
        kind = caller(sys._getframe())
        if kind is None:
            return  # a test's own hands
        for action, resource in asked:
            if (kind, (action, resource)) not in self.judged:
                if allows(_policy(kind), action, resource):
                    self.judged.add((kind, (action, resource)))
                else:
                    self.denied.append(f"the policy of {kind} does not allow {action} on {resource}")


@cache
def _policy(kind: str) -> dict[str, Any]:
    return policy_document([kind])


@cache
def _kinds() -> dict[str, str]:
    """Which kind a class is, by its full name."""
    return {f"{cls.__module__}.{cls.__qualname__}": kind for kind, cls, _ in declared() if kind in permissions.kinds()}


def caller(frame: FrameType | None) -> str | None:
    """The kind in whose name something is called: whichever is nearest."""
    while frame is not None:
        made = type(frame.f_locals.get("self"))
        kind = _kinds().get(f"{made.__module__}.{made.__qualname__}")
        if kind is not None:
            return kind
        frame = frame.f_back
    return None
