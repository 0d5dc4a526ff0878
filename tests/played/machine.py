"""A deployment from stage to stage over the emulator's own load balancer and containers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import boto3

from localcloud.cloud_map import address_of

_ids = itertools.count(1)
# The emulator gives a group of weight 0 one percent: the free group is attached by a rule that nobody meets.
_ATTACHED = [{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Played", "Values": ["never"]}}]


@dataclass(eq=False)
class Unit:
    """A task set, or a service revision, and the emulator's service that runs its tasks (none: nothing runs)."""

    task_definition: str
    group: str
    emulated: str | None = None
    number: int = field(default_factory=lambda: next(_ids))


@dataclass(eq=False)
class Deployment:
    """One deployment; ``stage`` counts through ``stages``."""

    id: str
    source: Unit
    target: Unit
    stages: list[str]
    failing_at: str | None = None
    stage: int = 0
    state: str = "going on"  # then: done, failed, stopped
    why: str = ""
    going_back: int = 0  # looks until a way back is over
    details: dict = field(default_factory=dict)

    @property
    def at(self):
        return self.stages[min(self.stage, len(self.stages) - 1)]

    @property
    def open(self):
        return self.state == "going on" or self.going_back > 0


class PlayedService:
    """One ECS service with two target groups behind a route.

    Attributes:
        fail_at: the stage at which the next deployment fails: ``install``, ``test``, ``shift 10``, ``after`` ...
        runs_tasks: whether containers run; without them nothing is waited for.
        eager: whether deployments are over as soon as they are begun.
        stages: how many of them each look brings it further.
    """

    def __init__(self, endpoint, cluster, name, created, *, runs_tasks=True, eager=False, stages=1):
        more = {"endpoint_url": endpoint, "region_name": "us-east-1"}
        self.elb, self.ecs = boto3.client("elbv2", **more), boto3.client("ecs", **more)
        self.cluster, self.name, self.created = cluster, name, created
        self.runs_tasks, self.eager, self.stages = runs_tasks, eager, stages
        first = created["loadBalancers"][0]
        self.live = Unit(created["taskDefinition"], first["targetGroupArn"], name if runs_tasks else None)
        self.units = [self.live]
        self.deployments: list[Deployment] = []
        self.fail_at: str | None = None
        self.route, self.pair = "", (first["targetGroupArn"],)

    # -- the route

    def bind(self, route, pair):
        """Learn where traffic is moved; both groups are attached to the listener, as health checks need it."""
        if (self.route, self.pair) == (route, tuple(pair)):
            return
        self.route, self.pair = route, tuple(pair)
        rules = self.elb.describe_rules(ListenerArn=self._listener())["Rules"]
        for group in pair:
            if not any(_forwards(rule, group) for rule in rules):
                free = next(number for number in range(49_000, 50_000) if str(number) not in _priorities(rules))
                actions = [{"Type": "forward", "TargetGroupArn": group}]
                rules += self.elb.create_rule(
                    ListenerArn=self._listener(), Priority=free, Conditions=_ATTACHED, Actions=actions
                )["Rules"]

    def _listener(self):
        return self.route.rpartition("/")[0].replace("listener-rule", "listener") if self._by_rule else self.route

    @property
    def _by_rule(self):
        return ":listener-rule/" in self.route

    def forwards_to(self):
        """The groups that get requests."""
        if self._by_rule:
            actions = self.elb.describe_rules(RuleArns=[self.route])["Rules"][0]["Actions"]
        else:
            actions = self.elb.describe_listeners(ListenerArns=[self.route])["Listeners"][0]["DefaultActions"]
        groups = actions[0].get("ForwardConfig", {}).get("TargetGroups", [])
        return {group["TargetGroupArn"] for group in groups if group.get("Weight", 1)} or {
            actions[0].get("TargetGroupArn")
        }

    def _shift(self, source, target, percent):
        shares = {source.group: 100 - percent, target.group: percent}
        groups = [{"TargetGroupArn": arn, "Weight": share} for arn, share in shares.items() if share]
        actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        if self._by_rule:
            self.elb.modify_rule(RuleArn=self.route, Actions=actions)
        else:
            self.elb.modify_listener(ListenerArn=self.route, DefaultActions=actions)

    # -- tasks

    def _run(self, unit):
        if self.runs_tasks and unit.emulated is None:
            unit.emulated = f"{self.name}--{unit.number}"
            self.ecs.create_service(
                cluster=self.cluster,
                serviceName=unit.emulated,
                taskDefinition=unit.task_definition,
                desiredCount=self.desired(),
                launchType="FARGATE",
                networkConfiguration=self.created["networkConfiguration"],
                loadBalancers=[{**_plain(self.created["loadBalancers"][0]), "targetGroupArn": unit.group}],
            )

    def _end(self, unit):
        if unit.emulated is not None:
            self.ecs.update_service(cluster=self.cluster, service=unit.emulated, desiredCount=0)
            if unit.emulated != self.name:
                self.ecs.delete_service(cluster=self.cluster, service=unit.emulated, force=True)

    def desired(self):
        """The service's desired count, as its live unit has it."""
        if self.live.emulated is None:
            return self.created["desiredCount"]
        return self.emulated(self.live)["desiredCount"]

    def emulated(self, unit):
        return self.ecs.describe_services(cluster=self.cluster, services=[unit.emulated])["services"][0]

    def _healthy(self, unit):
        if unit.emulated is None:
            return True
        # By its tasks: those of a unit that has just ended are in the group, and healthy, until they have.
        own = {address_of(task) for task in self._tasks(unit)}
        targets = self.elb.describe_target_health(TargetGroupArn=unit.group)["TargetHealthDescriptions"]
        healthy = {one["Target"]["Id"] for one in targets if one["TargetHealth"]["State"] == "healthy"}
        return len(own & healthy) >= max(1, self.desired())

    def _tasks(self, unit):
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName=unit.emulated)["taskArns"]
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []

    # -- deployments

    def going_on(self):
        return next((one for one in reversed(self.deployments) if one.open), None)

    def start(self, id_, task_definition, steps, **details):
        """Begin: the new unit goes into the group that is free."""
        free = next((group for group in self.pair if group != self.live.group), self.live.group)
        stages = ["install", "test", *(f"shift {percent}" for percent in steps), "after", "wait", "end"]
        made = Deployment(id_, self.live, Unit(task_definition, free), stages, self.fail_at, details=details)
        self.fail_at = None
        self.deployments.append(made)
        self.units.append(made.target)
        if self.live.group not in self.forwards_to():
            self._fail(made, "Primary taskset target group must be behind listener")
        else:
            self._run(made.target)
        while self.eager and made.open:
            self.look(waits=False)
        return made

    def look(self, *, waits):
        """Some stages further; ``waits``: whether the former unit is kept until somebody ends the wait."""
        for _ in range(self.stages):
            self._further(waits)

    def _further(self, waits):
        one = self.going_on()
        if one is None:
            return
        if one.state != "going on":
            one.going_back -= 1
            return
        if one.at == "install" and not self._healthy(one.target):
            return
        if one.at == one.failing_at:
            self._fail(one, f"the hook at {one.at} failed")
        elif one.at == "wait" and waits:
            pass
        elif one.at == "end":
            one.state = "done"
            self.units.remove(one.source)
            self._end(one.source)
        else:
            one.stage += 1
            if one.at.startswith("shift "):
                self._shift(one.source, one.target, int(one.at.split()[1]))
            if one.at == "wait":
                self.live = one.target

    def skip_wait(self, one):
        if one.at == "wait":
            one.stage += 1

    def _fail(self, one, why):
        self.go_back(one, "failed", why)

    def go_back(self, one, state, why):
        """All traffic to what was live before, and an end to the new unit."""
        if one.state != "going on":
            return
        one.state, one.why, one.going_back = state, why, 2
        if one.target.emulated is not None or one.at != "install":
            self._shift(one.source, one.target, 0)
        self.live = one.source
        self.units.remove(one.target)
        self._end(one.target)

    def remove(self):
        """All that was made beside the service itself."""
        for unit in self.units:
            self._end(unit)


def _forwards(rule, group):
    arns = [target["TargetGroupArn"] for action in rule["Actions"] for target in _targets(action)]
    return group in arns


def _targets(action):
    return action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]


def _priorities(rules):
    return {rule["Priority"] for rule in rules}


def _plain(balancer):
    return {key: balancer[key] for key in ("targetGroupArn", "containerName", "containerPort")}
