"""The world of a matrix: a load balancer and ECS services with real tasks, kept warm, and hands to reset them.

Nothing here uses the product's own code: what it says of the world is not to be believed by what checks it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError, ParamValidationError

from dev.matrix.shapes import (
    AUTOSCALED,
    COLORS,
    FAMILY,
    IMAGES,
    LAME,
    OWNER_TAG,
    PRIORITY,
    container,
    fixed_answer,
    header_is,
)

READY_SECONDS = 90.0
_PARTS = (*COLORS, LAME)


@dataclass(frozen=True, slots=True)
class Look:
    """The world at one moment, as its APIs tell it.

    Attributes:
        weights: percent of production traffic by part (``blue``, ``green``, ``lame``); empty without a rule.
        healthy: the parts with production traffic whose targets are healthy, all of them, and at least one.
        desired: tasks that each part's service wants.
        retiring: the parts with a scheduled action that will take their tasks away.
        held: the parts whose autoscaling is suspended.
        ranges: the least and the most tasks that autoscaling may choose, of the parts that have it.
    """

    weights: Mapping[str, int]
    healthy: frozenset[str]
    desired: Mapping[str, int]
    retiring: frozenset[str]
    held: frozenset[str]
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def all_on(self, color: str) -> bool:
        """Whether a color has all production traffic."""
        return dict(self.weights) == {color: 100}


class World:
    """One of them, under names of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ec2: Any = boto3.client("ec2")
        self._elb: Any = boto3.client("elbv2")
        self._ecs: Any = boto3.client("ecs")
        self._scaling: Any = boto3.client("application-autoscaling")
        self.listener = ""
        self.groups: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self._rule = ""
        self._balancer = ""

    # -- making and removing it

    def build(self, images: Mapping[str, str]) -> None:
        """Make everything; the services' tasks are started and not waited for."""
        vpc = self._ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        found = self._ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        subnets = [subnet["SubnetId"] for subnet in found]
        made = self._elb.create_load_balancer(Name=self.name, Subnets=subnets)["LoadBalancers"][0]
        self._balancer = made["LoadBalancerArn"]
        listener = self._elb.create_listener(
            LoadBalancerArn=self._balancer, Protocol="HTTP", Port=80, DefaultActions=[fixed_answer()]
        )
        self.listener = listener["Listeners"][0]["ListenerArn"]
        self._ecs.create_cluster(clusterName=self.name)
        for number, part in enumerate(_PARTS, start=1):
            self._build_part(part, number, images[IMAGES[part]], vpc, subnets)

    def _build_part(self, part: str, number: int, image: str, vpc: str, subnets: list[str]) -> None:
        group = self._elb.create_target_group(
            Name=f"{self.name}-{part}",
            Protocol="HTTP",
            Port=8080,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        self.groups[part] = group
        forward = {"Type": "forward", "TargetGroupArn": group}
        self._elb.create_rule(
            ListenerArn=self.listener, Priority=number, Conditions=[header_is(part)], Actions=[forward]
        )
        definition = self._ecs.register_task_definition(
            family=f"{FAMILY}-{self.name}-{part}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[container(image)],
        )
        self.definitions[part] = definition["taskDefinition"]["taskDefinitionArn"]
        self._ecs.create_service(
            cluster=self.name,
            serviceName=part,
            taskDefinition=self.definitions[part],
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
        )

    def remove(self) -> None:
        """Remove everything, also after it was made in part."""
        steps: list[Callable[[], object]] = [
            *(
                lambda part=part: self._ecs.delete_service(cluster=self.name, service=part, force=True)
                for part in _PARTS
            ),
            lambda: self._elb.delete_load_balancer(LoadBalancerArn=self._balancer),
            *(lambda arn=arn: self._elb.delete_target_group(TargetGroupArn=arn) for arn in self.groups.values()),
            lambda: self._ecs.delete_cluster(cluster=self.name),
        ]
        for step in steps:
            with contextlib.suppress(ClientError, ParamValidationError):
                step()

    def _wait(self, ready: Callable[[], bool]) -> None:
        """Poll until it is so; bounded."""
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} was not as it should be after {READY_SECONDS:g} s: {self.look()}")
            time.sleep(0.1)

    # -- putting it back

    def put_back(self, live: str, *, empty: str = "", autoscaled: bool = False) -> None:
        """All traffic on a color, nothing pending, no marks of anybody, every part with its one task, or none."""
        self._put_rule_back(live)
        for target in self._scalable_targets():
            self._scaling.deregister_scalable_target(
                **{key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            )
        for color in COLORS if autoscaled else ():
            self._scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/{self.name}/{color}",
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=AUTOSCALED[0],
                MaxCapacity=AUTOSCALED[1],
            )
        counts = self._counts()
        wanted = {part: (number, number, 0) for part, number in ((part, int(part != empty)) for part in _PARTS)}
        for part, (number, _, _) in wanted.items():
            if counts[part][0] != number:
                self._ecs.update_service(cluster=self.name, service=part, desiredCount=number)
        if counts != wanted:
            self._wait(lambda: self._counts() == wanted)
        targets = {color: ["healthy"] * wanted[color][0] for color in COLORS}
        self._wait(lambda: {color: self._targets(color) for color in COLORS} == targets)

    def _put_rule_back(self, live: str) -> None:
        actions = self._forward({live: 100})
        rule = self._production_rule()
        if rule is None:
            made = self._elb.create_rule(
                ListenerArn=self.listener,
                Priority=PRIORITY,
                Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
                Actions=actions,
                Tags=[{"Key": OWNER_TAG, "Value": self.owner}],
            )
            self._rule = made["Rules"][0]["RuleArn"]
            return
        self._rule = rule["RuleArn"]
        self._elb.modify_rule(RuleArn=self._rule, Actions=actions)
        tags = self._elb.describe_tags(ResourceArns=[self._rule])["TagDescriptions"][0]["Tags"]
        marks = [tag["Key"] for tag in tags if tag["Key"] != OWNER_TAG]
        if marks:
            self._elb.remove_tags(ResourceArns=[self._rule], TagKeys=marks)

    def _forward(self, weights: Mapping[str, int]) -> list[dict[str, Any]]:
        groups = [{"TargetGroupArn": self.groups[part], "Weight": weight} for part, weight in weights.items()]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    @property
    def owner(self) -> str:
        """The owner of the production rule."""
        return f"matrix/{self.name}/web"

    # -- looking at it

    def look(self) -> Look:
        """Everything that matters, at this moment."""
        rule = self._production_rule()
        retiring = self._scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
        targets = self._scalable_targets()
        held = [target for target in targets if any((target.get("SuspendedState") or {}).values())]
        weights = {} if rule is None else self.weights_of(rule["Actions"])
        return Look(
            weights,
            frozenset(part for part in weights if part in self.groups and self._healthy(part)),
            {part: desired for part, (desired, _, _) in self._counts().items()},
            frozenset(self._parts_of(retiring)),
            frozenset(self._parts_of(held)),
            dict(zip(self._parts_of(targets), [(t["MinCapacity"], t["MaxCapacity"]) for t in targets], strict=True)),
        )

    def weights_of(self, actions: list[Mapping[str, Any]]) -> dict[str, int]:
        """Percent by part; a target group of nobody is called by its ARN."""
        parts = {arn: part for part, arn in self.groups.items()}
        shares: dict[str, int] = {}
        for action in actions:
            groups = action.get("ForwardConfig", {}).get("TargetGroups") or []
            shares |= {parts.get(g["TargetGroupArn"], g["TargetGroupArn"]): g.get("Weight", 1) for g in groups}
        total = sum(shares.values())
        return {part: round(100 * share / total) for part, share in shares.items() if share} if total else {}

    def _production_rule(self) -> dict[str, Any] | None:
        rules = self._elb.describe_rules(ListenerArn=self.listener)["Rules"]
        return next((rule for rule in rules if rule["Priority"] == str(PRIORITY)), None)

    def _targets(self, part: str) -> list[str]:
        found = self._elb.describe_target_health(TargetGroupArn=self.groups[part])["TargetHealthDescriptions"]
        return [item["TargetHealth"]["State"] for item in found]

    def _healthy(self, part: str) -> bool:
        states = [state for state in self._targets(part) if state != "draining"]
        return bool(states) and set(states) == {"healthy"}

    def _counts(self) -> dict[str, tuple[int, int, int]]:
        found = self._ecs.describe_services(cluster=self.name, services=list(_PARTS))["services"]
        return {s["serviceName"]: (s["desiredCount"], s["runningCount"], s["pendingCount"]) for s in found}

    def _scalable_targets(self) -> list[dict[str, Any]]:
        found = self._scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        return [target for target in found if target["ResourceId"].startswith(f"service/{self.name}/")]

    def _parts_of(self, found: Sequence[Mapping[str, Any]]) -> list[str]:
        prefix = f"service/{self.name}/"
        return [item["ResourceId"].removeprefix(prefix) for item in found if item["ResourceId"].startswith(prefix)]
